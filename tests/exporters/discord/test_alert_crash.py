"""What a power cut leaves on disk at any moment of an alert's life is enough to go on in the same message."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.signals.alert_event import AlertEvent
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import settings
from tests.exporters.discord.alerting import AMBER, GREEN, GREY, RED, batch, colors, firing, resolved, updated, words
from tests.exporters.discord.rig import Rig, running

QUICK: dict[str, Any] = {
    "fold": {"window": "5m", "edit_interval": "50ms"},
    "alerts": {"group_wait": "100ms", "group_interval": "100ms"},
    "sending_queue": {"storage": "file_storage", "batch": {"flush_timeout": "1ms"}},
    "shutdown_timeout": "2s",
}
WORSE = updated(0, 20, severity="critical", value=9000.0)
LIVES: dict[str, list[AlertEvent]] = {
    "told": [firing(0)],
    "updated": [firing(0), updated(0, 10, value=1300.0)],
    "worse": [firing(0), WORSE],
    "over": [firing(0), resolved(0, 60)],
    "again": [firing(0), resolved(0, 60), firing(90)],
}


def a_little_later() -> float:
    """Unix time of a run that begins when what was posted last before a power cut is counted no more."""
    return time.time() + 4


def later_still() -> float:
    """Unix time of the run after that."""
    return time.time() + 8


@asynccontextmanager
async def stored_run(fake: FakeDiscord, directory: Path, **config: Any) -> AsyncIterator[Rig]:
    async with AsyncExitStack() as stack:
        keys = FileStorageConfig(directory=directory, ballast_mib=1)
        storage = FileStorage(settings("file_storage"), keys)
        await stack.enter_async_context(storage.lifespan(NopHost()))
        host = NopHost(extensions={"file_storage": storage})
        yield await stack.enter_async_context(running(fake, host=host, **QUICK | config))


async def quiet(fake: FakeDiscord) -> None:
    """Wait until nothing has happened in Discord for a while."""
    before = -1
    while before != len(fake.journal):
        before = len(fake.journal)
        await asyncio.sleep(0.4)


@pytest.mark.parametrize("life", LIVES)
async def test_the_next_run_goes_on_in_the_message(life: str, tmp_path: Path) -> None:
    fake = FakeDiscord()
    fake.add_webhook()
    async with stored_run(fake, tmp_path / "first") as rig:
        for event in LIVES[life]:
            await rig.exporter.consume(batch(event))
            await quiet(fake)
        shutil.copytree(tmp_path / "first", tmp_path / "second")  # what a power cut would leave
    messages = len(fake.messages)
    assert messages == (1 if life in ("told", "updated", "over") else 2)
    async with stored_run(fake, tmp_path / "second", wall_clock=a_little_later) as rig:
        await rig.exporter.consume(batch(*LIVES[life]))  # who told it does not know either, and tells it again
        await quiet(fake)
        assert len(fake.messages) == messages
        last = LIVES[life][-1]
        await rig.exporter.consume(batch(resolved(last.started_ns // 10**9 - firing(0).started_ns // 10**9, 120)))
        await quiet(fake)
        assert len(fake.messages) == messages
        assert colors(fake) == {"worse": [GREY, GREEN], "again": [GREEN, GREEN]}.get(life, [GREEN])


async def test_a_cut_before_it_was_told_and_before_its_edit(tmp_path: Path) -> None:
    fake = FakeDiscord()
    fake.add_webhook()
    slow = {"alerts": {"group_wait": "2s"}}
    async with stored_run(fake, tmp_path / "first", **slow) as rig:
        await rig.exporter.consume(batch(firing(0)))
        await asyncio.sleep(0.3)
        assert fake.messages == []
        shutil.copytree(tmp_path / "first", tmp_path / "second")
    first = len(fake.messages)  # what the run that was not cut has told at its end
    waits = {"fold": {"edit_interval": "1h"}}
    async with stored_run(fake, tmp_path / "second", wall_clock=a_little_later, **waits) as rig:
        await quiet(fake)
        await rig.exporter.consume(batch(updated(0, 10, value=7777.0)))
        await asyncio.sleep(0.3)
        assert len(fake.messages) == first + 1
        shutil.copytree(tmp_path / "second", tmp_path / "third")
        assert "7,777" not in words(fake.messages[-1])
    async with stored_run(fake, tmp_path / "third", wall_clock=later_still) as rig:
        await rig.exporter.consume(batch(WORSE))
        await quiet(fake)
        assert colors(fake)[first:] == [GREY, RED]


async def test_a_message_that_waits_to_be_turned_is_turned_by_the_next_run(tmp_path: Path) -> None:
    """Its end was told anew, since Discord took no edit of it (30046); a note with its card says so on disk."""
    fake = FakeDiscord()
    fake.add_webhook()
    fake.faults.add(Fault(Answer(400, {"code": 30046, "message": "x"}), match=method_is("PATCH"), times=9))
    async with stored_run(fake, tmp_path / "first") as rig:
        await rig.exporter.consume(batch(firing(0)))
        await quiet(fake)
        await rig.exporter.consume(batch(resolved(0, 60)))
        await quiet(fake)
        assert colors(fake) == [AMBER, GREEN]
        shutil.copytree(tmp_path / "first", tmp_path / "second")
    fake.faults.clear()
    async with stored_run(fake, tmp_path / "second", wall_clock=a_little_later) as rig:
        await rig.exporter.consume(batch(firing(0), resolved(0, 60)))
        await quiet(fake)
        assert colors(fake) == [GREEN, GREEN]
    shutil.copytree(tmp_path / "second", tmp_path / "third")
    async with stored_run(fake, tmp_path / "third", wall_clock=later_still) as rig:
        await rig.exporter.consume(batch(resolved(0, 60)))
        await quiet(fake)
        assert [entry.kind for entry in fake.journal] == ["created", "created", "edited"]
