"""An alert that begins inside a silence: told when the silence ends, if it fires still; else never."""

import asyncio
from typing import Any

import pytest

from otel_discord.component.silences import SilenceRequest
from otel_discord.testing.fake_discord import FakeDiscord
from tests.exporters.discord.alerting import AMBER, GREEN, firing, resolved, titles, updated
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running
from tests.exporters.discord.test_alert_life import ALERTS, tell, wall_clock

pytestmark = pytest.mark.looptime(idle_timeout=200_000, idle_step=5)


async def silence(rig: Rig, seconds: float) -> str:
    ends_ns = int((wall_clock() + seconds) * 1e9)
    request = SilenceRequest(id=f"s{ends_ns}", matchers=("service.name=worker",), ends_ns=ends_ns)
    return (await rig.exporter.add_silence(request)).id


def alerts(fake: FakeDiscord) -> list[tuple[str, int]]:
    shown = [embed for message in fake.messages for embed in message.embeds if "Too" in embed.get("title", "")]
    return [(embed["title"].split(":")[0], embed["color"]) for embed in shown]


async def test_it_is_told_when_the_silence_is_over_and_lives_on() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await silence(rig, 600)
        await tell(rig, firing(0), firing(0, name="TooShort"), firing(0, name="TooQuiet"))
        await asyncio.sleep(60)
        await tell(rig, updated(0, 60, value=1900.0), resolved(0, 60, name="TooShort"))
        await asyncio.sleep(500)
        assert alerts(fake) == []
        await asyncio.sleep(100)
        assert alerts(fake) == [("🟠 QueueTooDeep", AMBER), ("🟠 TooQuiet", AMBER)]
        await tell(rig, resolved(0, 700), resolved(0, 700, name="TooQuiet"), resolved(0, 700, name="TooShort"))
        await asyncio.sleep(60)
        assert alerts(fake) == [("🟢 QueueTooDeep", GREEN), ("🟢 TooQuiet", GREEN)]
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0


async def test_it_is_told_when_somebody_ends_the_silence() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        made = await silence(rig, 36_000)
        await tell(rig, firing(0))
        await asyncio.sleep(60)
        await rig.exporter.expire_silence(made)
        await asyncio.sleep(30)
        assert alerts(fake) == [("🟠 QueueTooDeep", AMBER)]


async def test_one_that_was_told_before_is_not_told_again() -> None:
    fake = FakeDiscord()
    async with running(fake, **ALERTS) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(20)
        await silence(rig, 600)
        await tell(rig, updated(0, 60, value=1900.0))
        await asyncio.sleep(700)
        assert alerts(fake) == [("🟠 QueueTooDeep", AMBER)]
        await silence(rig, 600)
        await tell(rig, updated(0, 800, value=1950.0))
        await asyncio.sleep(60)
        await tell(rig, resolved(0, 900))
        await asyncio.sleep(900)
        assert alerts(fake) == [("🟢 QueueTooDeep", GREEN)]


@pytest.mark.parametrize("ends", [False, True])
async def test_another_run_knows_it(ends: bool) -> None:
    fake, disk = FakeDiscord(), Disk()
    fake.add_webhook()
    stored: dict[str, Any] = ALERTS | {"sending_queue": STORED}
    async with running(fake, host=host_with(disk), **stored) as rig:
        await silence(rig, 600)
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        if ends:
            await tell(rig, resolved(0, 10))
            await asyncio.sleep(1)
    async with running(fake, host=host_with(disk), **stored):
        await asyncio.sleep(700)
        assert alerts(fake) == ([] if ends else [("🟠 QueueTooDeep", AMBER)])


async def test_what_maintenance_drops_is_told_after_it() -> None:
    fake = FakeDiscord()
    window = [{"name": "works", "from": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:10:00Z", "action": "drop"}]
    async with running(fake, **ALERTS, maintenance=window) as rig:
        await asyncio.sleep(60)
        await tell(rig, firing(60))
        await asyncio.sleep(300)
        assert not [title for title in titles(fake) if "Too" in title]
        await asyncio.sleep(300)
        assert alerts(fake) == [("🟠 QueueTooDeep", AMBER)]
