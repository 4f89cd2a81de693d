"""A new process finds what the last one left: what was in flight is sent again with a mark, everything else once."""

import asyncio
import random
from collections.abc import Sequence
from math import inf
from typing import Any

import pytest

from otel_discord.component import NewCard, QueueLimits, RetryableError, Settlement, Sizer, StoredCard
from otel_discord.exporters.discord import sender
from otel_discord.testing.fake_discord import Answer, Break, Cut, FakeDiscord, Fault, Stall, posts
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.disk import STORED, Disk, DiskQueue, host_with
from tests.exporters.discord.rig import running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
FAST: dict[str, Any] = {"sending_queue": STORED, "rate_limit": {"channel_messages_per_minute": 0}}
KILLED: dict[str, Any] = {**FAST, "shutdown_timeout": "0s"}
WAITS: dict[str, Any] = {**FAST, "shutdown_timeout": "1h"}


async def test_what_was_in_flight_goes_again_with_a_mark_and_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    fake.faults.add(Fault(Stall(commit=True), match=posts, first=2))
    async with running(fake, host=host_with(disk), **KILLED) as rig:
        await rig.exporter.consume(logs_batch(25))
        await asyncio.sleep(2)
        assert disk.queue.in_doubt >= set(disk.queue.marked[-1])
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await asyncio.sleep(5)
        assert rig.telemetry.value("otel_discord_possible_duplicates_total") == 1
    assert sorted(set(rig.arrived())) == list(range(25))
    repeats = [message for message in fake.messages if "sent again" in str(message.embeds)]
    assert [len(message.embeds) for message in repeats] == [10]
    assert all("sent again" in embed["footer"]["text"] for embed in repeats[0].embeds)
    assert "may be in Discord" in caplog.text


async def test_at_most_once_does_not_repeat_it() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    hook = fake.add_webhook()
    fake.faults.add(Fault(Stall(commit=True), match=posts, first=2))
    destinations = {"only": {"webhook_url": hook.url, "delivery": "at_most_once"}}
    async with running(fake, host=host_with(disk), destinations=destinations, **KILLED) as rig:
        await rig.exporter.consume(logs_batch(25))
        await asyncio.sleep(2)
    async with running(fake, host=host_with(disk), destinations=destinations, **WAITS) as rig:
        await asyncio.sleep(5)
        assert rig.telemetry.value("otel_discord_messages_failed_total", reason="ambiguous") == 1
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 10
    assert sorted(rig.arrived()) == list(range(25)), "the lost one had arrived; nothing came twice"


@pytest.mark.parametrize("action", [Break(Cut.REFUSED), Answer(429, {"message": "x", "retry_after": 60.0})])
async def test_what_was_certainly_not_made_is_in_no_doubt(action: Any) -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    fake.faults.add(Fault(action, match=posts, times=inf))
    async with running(fake, host=host_with(disk), **KILLED) as rig:
        await rig.exporter.consume(logs_batch(25))
        await asyncio.sleep(20)
        assert disk.queue.marked
        assert not disk.queue.in_doubt
    fake.faults.clear()
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await asyncio.sleep(100)
    assert rig.arrived() == list(range(25))
    assert "sent again" not in str([message.embeds for message in fake.messages])


async def test_critical_cards_that_came_meanwhile_do_not_tear_the_lost_message_apart() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    fake.faults.add(Fault(Stall(), match=posts))
    async with running(fake, host=host_with(disk), **KILLED) as rig:
        await rig.exporter.consume(logs_batch(5))
        await asyncio.sleep(1)
        await rig.exporter.consume(logs_batch(5, first=5, severity=21))
        await asyncio.sleep(1)
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await asyncio.sleep(5)
    assert rig.arrived() == list(range(10))
    assert [len(message.embeds) for message in fake.messages] == [5, 5]


async def test_a_shutdown_during_an_outage_is_quick_and_says_what_stays(caplog: pytest.LogCaptureFixture) -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    loop = asyncio.get_running_loop()
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        await rig.exporter.consume(logs_batch(1204))
        await asyncio.sleep(100)
        began_s = loop.time()
    assert loop.time() - began_s < 1
    assert "1,204 records stay on disk for the next start" in caplog.text
    assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0
    fake.faults.clear()
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        pass
    assert rig.arrived() == list(range(1204))


async def test_a_shutdown_repeats_nothing() -> None:
    """No message begins so late that it would be cut off."""
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    fake.faults.add(Fault(Stall(1.5, commit=True), match=posts, times=inf))
    for first in range(0, 300, 100):
        async with running(fake, host=host_with(disk), **(FAST | {"shutdown_timeout": "10s"})) as rig:
            await rig.exporter.consume(logs_batch(100, first=first))
            await asyncio.sleep(2)
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        pass
    assert sorted(rig.arrived()) == list(range(300))


async def test_cards_of_a_destination_that_is_not_configured_any_more_are_kept_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    hook, other = fake.add_webhook(), fake.add_webhook()
    fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
    async with running(fake, host=host_with(disk), destinations={"old": {"webhook_url": hook.url}}, **KILLED) as rig:
        await rig.exporter.consume(logs_batch(17))
        await asyncio.sleep(1)
    fake.faults.clear()
    async with running(fake, host=host_with(disk), destinations={"new": {"webhook_url": other.url}}, **WAITS) as rig:
        await asyncio.sleep(60)
        assert rig.arrived() == []
        assert rig.telemetry.value("otelcol_exporter_queue_size") == 1
    (warning,) = [record.message for record in caplog.records if "not configured any more" in record.message]
    assert "17 records" in warning
    assert "dead-letters bury --destination old" in warning
    async with running(fake, host=host_with(disk), destinations={"old": {"webhook_url": hook.url}}, **WAITS) as rig:
        await asyncio.sleep(5)
    assert rig.arrived(hook) == list(range(17))


async def test_what_waited_too_long_expires_when_its_turn_comes_and_the_rest_says_how_late_it_is() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    loop = asyncio.get_running_loop()
    began_s = loop.time()

    def wall_clock() -> float:
        return 1_800_000_000.0 + loop.time() - began_s

    config = {**WAITS, "max_age": "2h"}
    async with running(fake, host=host_with(disk), wall_clock=wall_clock, **config) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(5400)
        await rig.exporter.consume(logs_batch(3, first=3))
        await asyncio.sleep(3600)
        fake.faults.clear()
        await asyncio.sleep(60)
        await rig.exporter.consume(logs_batch(1, first=6))
        await asyncio.sleep(1)
        assert rig.arrived() == [3, 4, 5, 6]
        assert rig.telemetry.value("otel_discord_messages_failed_total", reason="expired") == 1
    late, fresh = fake.messages
    assert all(embed["footer"]["text"].startswith("1 h") for embed in late.embeds)
    assert "footer" not in fresh.embeds[0]


async def test_without_max_age_nothing_expires() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    clock = 1_700_000_000.0
    async with running(fake, host=host_with(disk), wall_clock=lambda: clock, **KILLED) as rig:
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(1)
    fake.faults.clear()
    clock += 365 * 86_400
    async with running(fake, host=host_with(disk), wall_clock=lambda: clock, **WAITS) as rig:
        await asyncio.sleep(5)
    assert rig.arrived() == [0, 1, 2]
    assert fake.messages[0].embeds[0]["footer"]["text"] == "365 d late"


async def test_the_steps_of_a_message_have_names_and_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The places at which a process can be killed; what is marked then is what goes again."""
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    steps: list[tuple[str, int, int]] = []

    def note(name: str) -> None:
        steps.append((name, len(disk.queue.marked), len(fake.messages)))

    monkeypatch.setattr(sender, "reach", note)
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await rig.exporter.consume(logs_batch(12))
    assert steps == [
        ("send.before_mark", 0, 0),
        ("send.after_mark", 1, 0),
        ("send.after_answer", 1, 1),
        ("send.before_mark", 1, 1),
        ("send.after_mark", 2, 1),
        ("send.after_answer", 2, 2),
    ]


class ShakyQueue(DiskQueue):
    """A disk that refuses now and then."""

    refusals = 0
    dice = random.Random(4)

    async def settle(self, card_ids: Sequence[int], settlement: Settlement) -> None:
        self._maybe_refuse()
        await super().settle(card_ids, settlement)

    async def mark_sending(self, card_ids: Sequence[int]) -> None:
        self._maybe_refuse()
        await super().mark_sending(card_ids)

    async def mark_unsent(self, card_ids: Sequence[int]) -> None:
        self._maybe_refuse()
        await super().mark_unsent(card_ids)

    async def route(self, batch_id: int, cards: Sequence[NewCard]) -> Sequence[int]:
        self._maybe_refuse()
        return await super().route(batch_id, cards)

    async def head(self, lane: str, limit: int) -> Sequence[StoredCard]:
        self._maybe_refuse()
        return await super().head(lane, limit)

    def _maybe_refuse(self) -> None:
        if self.dice.random() < 0.6:
            self.refusals += 1
            raise RetryableError("the disk is full", reason="disk_full")


async def test_a_disk_that_refuses_more_than_half_of_its_steps_costs_time_and_repeats_nothing() -> None:
    fake, disk = FakeDiscord(channel_limit=None), Disk()
    disk.queues["discord/logs"] = ShakyQueue(QueueLimits(100, Sizer.REQUESTS, 10**9))
    fake.faults.add(Fault(Answer(429, {"message": "x", "retry_after": 1.0}), match=posts, first=2))
    async with running(fake, host=host_with(disk), **WAITS) as rig:
        await rig.exporter.consume(logs_batch(35))
        await asyncio.sleep(100)
        assert rig.arrived() == list(range(35))
    assert isinstance(disk.queue, ShakyQueue)
    assert disk.queue.refusals > 20
