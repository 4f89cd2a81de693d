"""A new process does not post into a limit that the last one has just used up."""

import asyncio
from weakref import WeakKeyDictionary

import pytest

from otel_discord.discord_api import permits
from otel_discord.exporters.discord.pace_memory import PaceMemory
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
BEGINNING_S = 1_767_225_600.0


def wall_clock() -> float:
    return BEGINNING_S + asyncio.get_running_loop().time()


@pytest.mark.parametrize("forgets", [False, True])
async def test_a_restart_with_a_backlog_meets_no_shared_limit(forgets: bool) -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    for run in range(2):
        # limits are shared within a process: another pace makes this run one of another process
        pace = {"requests_per_second": 45 - run}
        config = {"sending_queue": STORED | {"batch": {"max_size": 1}}, "rate_limit": pace, "shutdown_timeout": "1h"}
        async with running(fake, host=host_with(disk), wall_clock=wall_clock, **config) as rig:
            await rig.exporter.consume(logs_batch(25, first=25 * run))
            await asyncio.sleep(0.01)
        if forgets:
            disk.queue._state = {key: value for key, value in disk.queue._state.items() if "pace" not in key}
    assert sorted(rig.arrived()) == list(range(50))
    assert (fake.count(429) > 0) is forgets


async def test_another_endpoint_is_another_memory() -> None:
    disk = Disk()
    for number in range(2):
        fake = FakeDiscord(endpoint=f"https://proxy-{number}.example/api/v10")
        async with running(
            fake, host=host_with(disk), wall_clock=wall_clock, sending_queue=STORED, endpoint=fake.endpoint
        ) as rig:
            await rig.exporter.consume(logs_batch(1))
            await asyncio.sleep(6)
    assert len([key for key in disk.queue._state if key.startswith("pace/")]) == 2


@pytest.mark.parametrize("killed_after_s", [0.3, 0.9, 1.3, 2.2, 5.6])
@pytest.mark.parametrize("severity", [17, 21])
async def test_who_takes_over_from_a_killed_process_meets_no_limit(
    killed_after_s: float, severity: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its posts of the last second are not stored: they are counted all the same."""

    async def forgotten(_: PaceMemory) -> None:
        """Who is killed stores nothing at its end."""

    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    config = {"sending_queue": STORED | {"batch": {"max_size": 1}}}
    with monkeypatch.context() as killed:
        killed.setattr(PaceMemory, "end", forgotten)
        async with running(fake, host=host_with(disk), wall_clock=wall_clock, shutdown_timeout="0s", **config) as rig:
            await asyncio.sleep(3)
            for number in range(40):
                await rig.exporter.consume(logs_batch(1, first=number, severity=severity))
            await asyncio.sleep(killed_after_s)
    before = len(fake.messages)
    monkeypatch.setattr(permits, "_shared", WeakKeyDictionary())  # the limiter of another process
    await asyncio.sleep(1)
    async with running(fake, host=host_with(disk), wall_clock=wall_clock, shutdown_timeout="1h", **config) as rig:
        pass
    assert 0 < before < 40
    assert sorted(set(rig.arrived())) == list(range(40))
    assert fake.count(429) == 0


async def test_what_is_handed_over_meets_no_limit_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also not that of two seconds, which the predecessor has just used up."""
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    fake.add_webhook()
    unlimited = {"channel_messages_per_minute": 0}
    config = {"sending_queue": STORED | {"batch": {"max_size": 1}}, "rate_limit": unlimited}
    for first in range(0, 60, 20):
        async with running(fake, host=host_with(disk), wall_clock=wall_clock, shutdown_timeout="0s", **config) as rig:
            for number in range(first, first + 20):
                await rig.exporter.consume(logs_batch(1, first=number))
            await asyncio.sleep(1)
        monkeypatch.setattr(permits, "_shared", WeakKeyDictionary())
    async with running(fake, host=host_with(disk), wall_clock=wall_clock, shutdown_timeout="1h", **config) as rig:
        pass
    assert sorted(set(rig.arrived())) == list(range(60))
    assert fake.count(429) == 0
