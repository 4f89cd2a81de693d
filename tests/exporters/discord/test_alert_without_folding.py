"""``fold::enabled: false``: each record is a card of its own, and alerts live in their messages all the same."""

import asyncio
from typing import Any

import pytest

from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.alerting import AMBER, GREEN, GREY, RED, colors, firing, resolved, titles, updated
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running
from tests.exporters.discord.test_alert_life import ALERTS, tell

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)

UNFOLDED: dict[str, Any] = ALERTS | {"fold": {"enabled": False, "edit_interval": "10s"}}
FOLDED = ALERTS


async def fail_alike(rig: Rig, count: int) -> None:
    for _ in range(count):
        await rig.exporter.consume(logs_batch(1, severity=17))


def failures(fake: FakeDiscord) -> int:
    return sum("QueueTooDeep" not in title for title in titles(fake))


async def test_an_alert_is_one_message_among_records_that_are_each_a_card() -> None:
    fake = FakeDiscord()
    async with running(fake, **UNFOLDED) as rig:
        await fail_alike(rig, 3)
        await tell(rig, firing(0))
        await asyncio.sleep(30)
        await fail_alike(rig, 3)
        await tell(rig, updated(0, 30, value=1900.0, peak=1900.0))
        await asyncio.sleep(30)
        assert failures(fake) == 6
        assert colors(fake).count(AMBER) == 1
        await tell(rig, updated(0, 60, severity="critical"))
        await asyncio.sleep(30)
        assert colors(fake).count(GREY) == 1
        await tell(rig, resolved(0, 120, severity="critical"))
        await asyncio.sleep(30)
        assert [color for color in colors(fake) if color != RED] == [GREY, GREEN]
        assert not any("×" in title for title in titles(fake))
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 10
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0


async def test_a_storm_of_records_makes_no_digest_of_them() -> None:
    fake = FakeDiscord()
    async with running(fake, **UNFOLDED) as rig:
        await tell(rig, firing(0))
        await asyncio.sleep(10)
        for _ in range(8):
            await fail_alike(rig, 50)
        await tell(rig, resolved(0, 20))
        await asyncio.sleep(300)
        assert failures(fake) == 400
        assert GREEN in colors(fake)


@pytest.mark.parametrize("retention", ["0s", "1h"])
@pytest.mark.parametrize(("first", "second"), [(UNFOLDED, UNFOLDED), (FOLDED, UNFOLDED), (UNFOLDED, FOLDED)])
async def test_the_next_run_goes_on_in_the_message(
    first: dict[str, Any], second: dict[str, Any], retention: str
) -> None:
    fake, disk = FakeDiscord(), Disk()
    hook = fake.add_webhook()
    there = {"destinations": {"errors": {"webhook_url": hook.url, "retention": retention}}, "sending_queue": STORED}
    async with running(fake, host=host_with(disk), **first | there | {"shutdown_timeout": "0s"}) as rig:
        await tell(rig, firing(0))
        await fail_alike(rig, 2)
        await asyncio.sleep(20)
        await tell(rig, firing(20, name="Waiting"))
        await asyncio.sleep(0.1)
    async with running(fake, host=host_with(disk), **second | there) as rig:
        await tell(rig, resolved(0, 60), resolved(20, 60, name="Waiting"))
        await asyncio.sleep(30)
        assert sum("QueueTooDeep" in title for title in titles(fake)) == 1
        assert sorted(color for color in colors(fake) if color != RED) == [GREEN, GREEN]
        await fail_alike(rig, 2)
        await asyncio.sleep(30)
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 0
        kept = await disk.queue.posted("errors")
        folds = second is FOLDED
        assert all(message.cards for message in kept) or retention != "0s"
        assert sum(len(message.cards) for message in kept) >= 2
        assert folds or sum(len(message.cards) for message in kept) == 2


async def test_a_reload_that_ends_folding_goes_on_in_the_message() -> None:
    fake, host = FakeDiscord(), NopHost()
    host.hands_over = True
    async with running(fake, host=host, **FOLDED) as rig:
        await tell(rig, firing(0))
        await fail_alike(rig, 3)
        await asyncio.sleep(2)
    host.hands_over = False
    async with running(fake, host=host, **UNFOLDED) as rig:
        await asyncio.sleep(10)
        await tell(rig, resolved(0, 60))
        await asyncio.sleep(10)
    assert [title for title in titles(fake) if "QueueTooDeep" in title] == ["🟢 QueueTooDeep: resolved after 1 minute"]
