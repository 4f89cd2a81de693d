"""What ends a process is known by a process that it ends; what does not, is not."""

import logging
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.trials.room import CannotBeHeldError, TrialRoom
from otel_discord.exporters.discord.trials.wire import Kind, shown, written
from otel_discord.testing.otlp import logs_batch

URL = "https://discord.com/api/webhooks/123456789012345678/" + "s" * 68
CONFIG = DiscordConfig.model_validate({"webhook_url": URL})
FRAGILE = """
import os, signal, struct, sys, time

asked, answers = sys.stdin.buffer, sys.stdout.buffer
asked.read(int.from_bytes(asked.read(4), "big"))
while True:
    answers.write(b"+")
    answers.flush()
    head = asked.read(13)
    if len(head) < 13:
        break
    payload = asked.read(struct.unpack("!BIQ", head)[1])
    if b"segfault" in payload:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"for ever" in payload:
        time.sleep(60)
    if b"once" in payload and not os.path.exists(sys.argv[1]):
        open(sys.argv[1], "w").close()
        os._exit(3)
"""
"""Speaks as the real one does, and imports nothing that takes long."""


def _room(*command: str, trial_s: float = 20.0) -> TrialRoom:
    logger = logging.getLogger("test.trials")
    return TrialRoom(config=lambda: written(CONFIG), logger=logger, command=command, trial_s=trial_s)


@pytest.fixture
def fragile(tmp_path: Path) -> TrialRoom:
    program = tmp_path / "fragile.py"
    program.write_text(FRAGILE)
    return _room(sys.executable, str(program), str(tmp_path / "once"), trial_s=3.0)


def _batch(text: str) -> bytes:
    return logs_batch(1, body=text).request.SerializeToString()


async def test_what_is_harmless_is_outlived() -> None:
    card = Card(resource=b"", scope=b"", record=b"", severity=17, first_seen_ns=1, last_seen_ns=1, accepted_ns=1)
    room = TrialRoom(config=lambda: written(CONFIG), logger=logging.getLogger("test.trials"))
    async with room.opened():
        assert not await room.kills(Kind.ROUTE, _batch("it broke"), time.time_ns())
        assert not await room.kills(Kind.ROUTE, b"these are no bytes of a request")
        assert not await room.kills(Kind.SHOW, shown("default", card.to_bytes()))
        assert not await room.kills(Kind.SHOW, shown("nobody knows it", b"\xff\xff"))


async def test_what_ends_it_is_known_and_others_are_not_suspected(fragile: TrialRoom) -> None:
    async with fragile.opened():
        assert not await fragile.kills(Kind.ROUTE, _batch("it broke"))
        assert await fragile.kills(Kind.ROUTE, _batch("a segfault"))
        assert not await fragile.kills(Kind.ROUTE, _batch("it broke again"))


async def test_who_never_answers_is_as_dead(fragile: TrialRoom) -> None:
    fragile.trial_s = 0.5
    async with fragile.opened():
        assert await fragile.kills(Kind.ROUTE, _batch("it takes for ever"))
        assert not await fragile.kills(Kind.ROUTE, _batch("it broke"))


async def test_a_process_that_dies_once_convicts_nobody(fragile: TrialRoom) -> None:
    async with fragile.opened():
        assert not await fragile.kills(Kind.ROUTE, _batch("only once"))


async def test_a_process_killed_between_trials_convicts_nobody(fragile: TrialRoom) -> None:
    async with fragile.opened():
        assert not await fragile.kills(Kind.ROUTE, _batch("it broke"))
        process = fragile._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        assert not await fragile.kills(Kind.ROUTE, _batch("it broke"))
    assert fragile._process is None


@pytest.mark.parametrize("command", [("/nowhere/python",), (sys.executable, "-c", "pass")])
async def test_without_a_process_nothing_is_known(command: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    room = _room(*command)
    async with room.opened():
        for _ in range(2):
            with pytest.raises(CannotBeHeldError):
                await room.kills(Kind.ROUTE, b"")
    assert len(caplog.records) == 1
