"""A new process goes on with the runs of the last one: those that live, and those that have ended meanwhile."""

import asyncio
import math
from typing import Any

import pytest

from otel_discord.exporters.discord.sourced.lanes import KEY
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, Stall, posts
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk
from tests.exporters.discord.rig import running
from tests.exporters.discord.sourced.fake_source import FakeSource, host_of, of_run

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
FAST: dict[str, Any] = {
    "destinations_from": "run_channels",
    "sending_queue": STORED,
    "rate_limit": {"channel_messages_per_minute": 0},
    "webhook_check": {"interval": "0s"},
}
KILLED: dict[str, Any] = {**FAST, "shutdown_timeout": "0s"}
WAITS: dict[str, Any] = {**FAST, "shutdown_timeout": "1h"}


async def crashed(fake: FakeDiscord, disk: Disk, source: FakeSource, own: str, **config: Any) -> None:
    """Take in 25 records of a run and 5 others, and end before Discord takes more than the first."""
    fake.faults.add(Fault(Answer(503), match=posts, times=math.inf))
    async with running(fake, host=host_of(source, disk=disk), webhook_url=own, **KILLED, **config) as rig:
        await rig.exporter.consume(of_run("a", 25))
        await rig.exporter.consume(logs_batch(5, first=25))
        await asyncio.sleep(2)
    fake.faults.clear()


async def test_a_run_that_lives_gets_what_was_accepted_for_it() -> None:
    fake, disk, source = FakeDiscord(channel_limit=None), Disk(), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    source.add("a", run)
    await crashed(fake, disk, source, own.url)
    async with running(fake, host=host_of(source, disk=disk), webhook_url=own.url, **WAITS) as rig:
        await rig.exporter.flushed()
        assert sorted(rig.arrived(run)) == list(range(25))
        assert sorted(rig.arrived(own)) == list(range(25, 30))


@pytest.mark.parametrize("severity", [9, 17])
async def test_a_run_that_is_gone_loses_nothing(caplog: pytest.LogCaptureFixture, severity: int) -> None:
    fake, disk, source = FakeDiscord(channel_limit=None), Disk(), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    source.add("a", run, min_severity=9)
    fake.faults.add(Fault(Stall(), match=posts))
    async with running(fake, host=host_of(source, disk=disk), webhook_url=own.url, **KILLED) as rig:
        for number in range(25):
            await rig.exporter.consume(of_run("a", 1, first=number, severity=severity))
            await asyncio.sleep(0.1 if number < 20 else 0)  # the last ones are not even routed
    fake.faults.clear()
    ended = FakeSource()
    async with running(fake, host=host_of(ended, disk=disk), webhook_url=own.url, **WAITS) as rig:
        await rig.exporter.flushed()
        await asyncio.sleep(2)
        dead = int(rig.telemetry.value("otelcol_exporter_send_failed_log_records"))
        arrived = rig.arrived(own)
        assert len(arrived) == len(set(arrived))
        assert (len(arrived), dead) == ((25, 0) if severity == 17 else (0, 25))
        assert await disk.queue.get_state(KEY) is None
        assert not await disk.queue.lanes()
        assert not await disk.queue.posted("run/a")
    assert "is not configured any more" not in caplog.text


async def test_what_is_posted_of_a_run_that_ended_while_nobody_ran_is_forgotten() -> None:
    fake, disk, source = FakeDiscord(channel_limit=None), Disk(), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    name = source.add("a", run)
    fold = {"fold": {"enabled": True}}
    async with running(fake, host=host_of(source, disk=disk), webhook_url=own.url, **WAITS, **fold) as rig:
        await rig.exporter.consume(of_run("a", 3, body="again"))
        await rig.exporter.flushed()
    assert await disk.queue.posted(name)
    source.remove(name)
    async with running(fake, host=host_of(source, disk=disk), webhook_url=own.url, **WAITS, **fold):
        await asyncio.sleep(2)
        assert not await disk.queue.posted(name)
        assert await disk.queue.get_state(KEY) is None


async def test_counts_go_on_in_the_messages_of_a_run_that_lives() -> None:
    fake, disk, source = FakeDiscord(channel_limit=None), Disk(), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    source.add("a", run)
    fold = {"fold": {"enabled": True, "window": "1h"}}
    for _ in range(2):
        async with running(fake, host=host_of(source, disk=disk), webhook_url=own.url, **WAITS, **fold) as rig:
            await rig.exporter.consume(of_run("a", 3, body="again"))
            await rig.exporter.flushed()
            await asyncio.sleep(20)
    (message,) = fake.messages_of(run)
    assert "×6" in str(message.embeds)


async def test_a_successor_goes_on_with_runs_and_their_senders() -> None:
    fake, disk, source = FakeDiscord(channel_limit=None), Disk(), FakeSource()
    own, run = fake.add_webhook(), fake.add_webhook()
    source.add("a", run)
    host = host_of(source, disk=disk)
    for number in range(3):
        async with running(fake, host=host, webhook_url=own.url, **WAITS) as rig:
            await rig.exporter.consume(of_run("a", 10, first=10 * number))
            host.hands_over = number < 2
    assert sorted(rig.arrived(run)) == list(range(30))
