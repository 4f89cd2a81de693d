"""A new process does not post into a limit that the last one has just used up."""

import asyncio

import pytest

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
