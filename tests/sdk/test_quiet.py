"""What the engine says inside an application, in each failure."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from pathlib import Path
from typing import Any

import pytest

from otel_discord.component.last_copy import LAST_COPY
from otel_discord.sdk.quiet import Quiet
from otel_discord.testing.fake_discord import Answer, Break, Cut, FakeDiscord, Fault
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.rig import Rig, running


def line(message: str, level: int = logging.ERROR, **extra: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": message, "levelno": level, **extra})


@asynccontextmanager
async def quiet_rig(fake: FakeDiscord, **config: Any) -> AsyncIterator[tuple[Rig, Quiet]]:
    quiet = Quiet()
    config = {"rate_limit": {"channel_messages_per_minute": 0}, "shutdown_timeout": "1s", **config}
    logger: logging.Logger | None = None
    try:
        async with running(fake, **config) as rig:
            logger = rig.exporter._settings.logger
            logger.addFilter(quiet)
            yield rig, quiet
    finally:
        if logger is not None:
            logger.removeFilter(quiet)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


@pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
async def test_a_wrong_token_is_one_line_and_the_records_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord(channel_limit=None)
    hook = fake.add_webhook()
    url = hook.url
    fake.rotate_token(hook)
    async with quiet_rig(fake, webhook_url=url) as (rig, quiet):
        for _ in range(3):
            await rig.exporter.consume(logs_batch(5))
            await asyncio.sleep(30)
    (only,) = said(caplog)
    assert only.startswith("nothing more is sent to Discord (status 401, code 50027: ")
    assert "Its token is wrong" in only
    assert "OTEL_EXPORTER_DISCORD_WEBHOOK_URL" in only
    assert "validate --online" not in only
    assert hook.token not in caplog.text
    assert quiet.summary() == "15 records were not delivered: unauthorized (15)"
    assert quiet.summary() == ""


@pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
@pytest.mark.parametrize("action", [Break(Cut.REFUSED), Answer(503, "away")], ids=["refused", "503"])
async def test_an_outage_is_one_line_and_its_end_another(action: Any, caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord(channel_limit=None)
    async with quiet_rig(fake) as (rig, quiet):
        await asyncio.sleep(1)
        fake.faults.add(Fault(action, times=inf))
        for number in range(20):
            await rig.exporter.consume(logs_batch(1, first=number))
            await asyncio.sleep(20)
        fake.faults.clear()
        await asyncio.sleep(120)
        assert rig.arrived() == list(range(20))
    away, back = said(caplog)
    assert away.startswith("Discord cannot be reached (")
    assert "can be reached again" in back
    assert quiet.summary() == ""


@pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
async def test_an_end_without_a_spool_is_counted_and_says_what_helps(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord(channel_limit=None)
    async with quiet_rig(fake, fold={"enabled": True}) as (rig, quiet):
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        await rig.exporter.consume(logs_batch(30))
        await asyncio.sleep(60)
    assert len(said(caplog)) == 1
    assert quiet.summary().startswith(
        "30 records were not delivered: the program ended before (30); with OTEL_EXPORTER_DISCORD_SPOOL"
    )


async def test_what_is_kept_waits_in_the_spool(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
    letters = {"directory": str(tmp_path / "spool")}
    async with quiet_rig(fake, dead_letters=letters, shutdown_timeout="100ms") as (rig, quiet):
        await rig.exporter.consume(logs_batch(1))
    assert quiet.summary() == (
        "1 record was not delivered and waits in the spool for the next start: the program ended before (1); "
        "the last try failed (connection: connection refused)"
    )


def test_records_without_a_number_are_one_each_and_both_ends_are_told_apart() -> None:
    quiet = Quiet()
    assert not quiet.filter(line("not delivered: %s", reason="unauthorized", records=9, **{LAST_COPY: True}))
    assert not quiet.filter(line("not delivered: %s", reason="expired", **{LAST_COPY: True}))
    assert not quiet.filter(line("not delivered, kept as a dead letter: %s", reason="shutdown", records=2))
    assert quiet.summary() == (
        "2 records were not delivered and wait in the spool for the next start: the program ended before (2); "
        "10 records were not delivered: unauthorized (9), expired (1)"
    )


def test_each_try_is_not_said() -> None:
    quiet = Quiet()
    assert not quiet.filter(line("Discord asks to wait", logging.WARNING))
    assert not quiet.filter(line("trying again", logging.WARNING))


def test_the_second_try_that_does_not_get_through_is_said_and_the_outage_not_once_more() -> None:
    now_s = 0.0
    quiet = Quiet(clock=lambda: now_s)
    assert not quiet.filter(line("trying again", reason="server_error"))
    assert not quiet.filter(line("trying again", reason="connection", detail="refused"))
    now_s = 2.0
    second = line("trying again", reason="connection", detail="refused")
    assert quiet.filter(second)
    assert second.getMessage().startswith("Discord cannot be reached (connection: refused); what is logged waits")
    assert not quiet.filter(line("trying again", reason="connection"))
    now_s = 8.0
    assert not quiet.filter(line("the destination cannot be reached", cooldown_s=3))
    assert quiet.filter(line("the destination can be reached again", waiting=3))
    assert quiet.filter(line("the destination cannot be reached", cooldown_s=3))


def test_tries_that_fail_now_and_then_are_not_said() -> None:
    times_s = iter((0.0, 100.0, 200.0))
    quiet = Quiet(clock=lambda: next(times_s))
    for _ in range(3):
        assert not quiet.filter(line("trying again", reason="timeout"))


def test_other_lines_come_once_a_minute() -> None:
    now_s = 0.0
    quiet = Quiet(repeat_s=60.0, clock=lambda: now_s)
    assert quiet.filter(line("a notice was not sent: %s"))
    assert quiet.filter(line("another"))
    now_s = 59.0
    assert not quiet.filter(line("a notice was not sent: %s"))
    now_s = 60.0
    assert quiet.filter(line("a notice was not sent: %s"))


def test_lines_that_have_only_their_text_in_common_are_not_the_same() -> None:
    quiet = Quiet()
    advice, loss = line("%s"), line("%s")
    advice.args, loss.args = ("fold::enabled: …",), ("12 records were not shown: queue full",)
    assert [quiet.filter(each) for each in (advice, loss, loss)] == [True, True, False]


def test_a_detail_with_a_percent_sign_is_only_text() -> None:
    record = line("the destination cannot be reached", reason="connection", detail="100%s", cooldown_s=3)
    assert Quiet().filter(record)
    assert "(connection: 100%s)" in record.getMessage()


def test_what_discord_has_refused_is_not_said_to_wait() -> None:
    quiet = Quiet()
    for reason, records in (("invalid_form", 2), ("expired", 1), ("connection", 4)):
        assert not quiet.filter(line("not delivered, kept as a dead letter: %s", reason=reason, records=records))
    assert quiet.summary() == (
        "4 records were not delivered and wait in the spool for the next start: connection (4); "
        "3 records were not delivered and will not be sent again: invalid form (2), expired (1)"
    )


async def test_a_spool_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
    (tmp_path / "file").touch()
    letters = {"directory": str(tmp_path / "file" / "spool")}
    async with quiet_rig(fake, dead_letters=letters, shutdown_timeout="100ms") as (rig, quiet):
        await rig.exporter.consume(logs_batch(1))
    assert said(caplog) == ["the spool directory cannot be written (File exists); what cannot be sent is lost"]
    assert "SPOOL_DIRECTORY" not in quiet.summary()
