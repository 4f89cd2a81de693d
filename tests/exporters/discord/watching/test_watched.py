"""What an exporter tells those who watch it, in each health, and the way of a message."""

import asyncio
from math import inf
from typing import Any

import pytest

from otel_discord.component import StoredCard
from otel_discord.component.watched_exporter import Health, Watched
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.watching.states import oldest_of
from otel_discord.testing.fake_discord import Answer, FakeDiscord, Fault, method_is, posts
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.alerting import batch, firing, resolved
from tests.exporters.discord.disk import STORED, Disk, host_with
from tests.exporters.discord.rig import Rig, running
from tests.exporters.discord.test_alert_life import now_s, wall_clock

pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=30)
RUNS: dict[str, Any] = {"shutdown_timeout": "1h", "wall_clock": wall_clock, "fold": {"edit_interval": "10s"}}


def only_state(rig: Rig) -> Any:
    (state,) = rig.exporter.destination_states()
    return state


async def test_the_way_of_a_message_that_is_edited() -> None:
    fake = FakeDiscord()
    async with running(fake, **RUNS) as rig:
        assert isinstance(rig.exporter, Watched)
        assert rig.exporter.recent_messages() == []
        await rig.exporter.consume(logs_batch(4))
        await asyncio.sleep(5)
        (first,) = rig.exporter.recent_messages()
        assert [step.what for step in first.journey] == ["received", "routed", "folded", "sent"]
        assert [step.at_ns for step in first.journey] == sorted(step.at_ns for step in first.journey)
        assert first.message["timestamp"]
        assert first.message["edited_timestamp"] is None
        await rig.exporter.consume(logs_batch(2, first=4))
        await asyncio.sleep(30)
        (message,) = rig.exporter.recent_messages()
        assert message.key == first.key
        assert [step.what for step in message.journey][-2:] == ["folded", "edited"]
        assert message.records == 6
        assert message.is_delivered
        assert message.destination == "default"
        assert "×6" in message.message["embeds"][0]["title"]
        assert message.message["edited_timestamp"]
        assert message.url.endswith(fake.messages[0].id)
        state = only_state(rig)
        assert (state.health, state.delivered, state.failed) == (Health.OK, 2, 0)
        assert state.recent_success == 1.0
        assert state.response_p50_s is not None
        assert state.last_sent_ns > 0
        assert fake.webhooks[0].token not in repr(rig.exporter.recent_messages()) + repr(state)
    assert rig.exporter.recent_messages() == []
    assert rig.exporter.destination_states() == []
    assert rig.exporter.firing_alerts() == []


async def test_what_could_not_be_sent_is_there_with_the_reason() -> None:
    fake = FakeDiscord()
    refused = {"message": "Invalid Form Body", "code": 50035, "errors": {}}
    fake.faults.add(Fault(Answer(400, refused), match=posts, times=inf))
    async with running(fake, **RUNS) as rig:
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(30)
        told = rig.exporter.recent_messages()[0]
        assert not told.is_delivered
        assert told.records == 3
        assert told.journey[-1].what == "dead letter"
        assert "Invalid Form Body" in told.journey[-1].detail
        assert told.message["embeds"][0]["title"]
        state = only_state(rig)
        assert state.failed == 1
        assert "Invalid Form Body" in state.last_error
        assert state.recent_success == 0.0


async def test_unreachable_with_what_waits() -> None:
    fake = FakeDiscord()
    fake.faults.add(Fault(Answer(503, {}), match=posts, times=inf))
    async with running(
        fake, host=host_with(Disk()), sending_queue=STORED, circuit_breaker={"failure_threshold": 2}, **RUNS
    ) as rig:
        before_ns = int(wall_clock() * 1e9)
        await rig.exporter.consume(logs_batch(7))
        await asyncio.sleep(60)
        state = only_state(rig)
        assert state.health is Health.UNREACHABLE
        assert state.breaker in {"open", "half-open"}
        assert (state.waiting_cards, state.waiting_records) == (1, 7)
        assert before_ns - 10**9 <= state.oldest_waiting_ns <= before_ns + 10**9
        fake.faults.clear()
        await asyncio.sleep(300)
        state = only_state(rig)
        assert (state.health, state.waiting_cards, state.waiting_records, state.oldest_waiting_ns) == (
            Health.OK,
            0,
            0,
            0,
        )


async def test_waiting_for_the_channels_budget() -> None:
    fake = FakeDiscord()
    runs = {**RUNS, "fold": {"enabled": False}}
    async with running(
        fake, rate_limit={"channel_messages_per_minute": 2}, sending_queue={"batch": {"max_size": 1}}, **runs
    ) as rig:
        before_ns = int(wall_clock() * 1e9)
        await rig.exporter.consume(logs_batch(20))
        await asyncio.sleep(5)
        only_state(rig)  # what is not folded is counted when somebody looks
        await asyncio.sleep(0.1)
        state = only_state(rig)
        assert state.health is Health.WAITING
        assert state.waiting_cards >= 10
        assert state.next_at_ns > wall_clock() * 1e9
        assert state.budget_left is not None
        assert state.budget_left < 1
        assert before_ns <= state.oldest_waiting_ns <= before_ns + 10**9
        await asyncio.sleep(3600)
        only_state(rig)
        await asyncio.sleep(0.1)
        state = only_state(rig)
        assert (state.waiting_cards, state.oldest_waiting_ns) == (0, 0)


def test_the_oldest_that_waits_stands_behind_what_is_critical() -> None:
    def stored(card_id: int, priority: int, accepted_ns: int) -> StoredCard:
        card = Card(
            resource=b"", scope=b"", record=b"", severity=17, first_seen_ns=1, last_seen_ns=1, accepted_ns=accepted_ns
        )
        return StoredCard(id=card_id, lane="default", priority=priority, payload=card.to_bytes())

    assert oldest_of([stored(7, 1, 700), stored(9, 1, 900), stored(3, 0, 300), stored(4, 0, 400)]) == 300
    assert oldest_of([StoredCard(id=1, lane="default", priority=0, payload=b"\xff")]) == 0
    assert oldest_of([]) == 0


async def test_muted_by_quiet_hours_and_by_maintenance() -> None:
    fake = FakeDiscord()
    quiet = {"from": "00:00", "to": "00:00", "time_zone": "UTC"}
    hook = fake.add_webhook()
    async with running(fake, destinations={"ops": {"webhook_url": hook.url, "quiet_hours": quiet}}, **RUNS) as rig:
        assert only_state(rig).health is Health.MUTED


async def test_gone_without_a_fallback() -> None:
    fake = FakeDiscord()
    hook = fake.add_webhook()
    async with running(fake, webhook_url=hook.url, **RUNS) as rig:
        await asyncio.sleep(1)
        fake.delete_webhook(hook)
        await rig.exporter.consume(logs_batch(2))
        await asyncio.sleep(10)
        state = only_state(rig)
        assert state.health is Health.GONE
        assert state.webhook_up is False
        told = rig.exporter.recent_messages()[0]
        assert not told.is_delivered
        assert "not found" in told.journey[-1].detail


async def test_a_429_is_remembered() -> None:
    fake = FakeDiscord()
    limited = Answer(429, {"message": "You are being rate limited.", "retry_after": 1.0, "global": False})
    fake.faults.add(Fault(limited, match=method_is("POST")))
    async with running(fake, **RUNS) as rig:
        await rig.exporter.consume(logs_batch(1))
        await asyncio.sleep(10)
        state = only_state(rig)
        assert state.last_429_ns > 0
        assert state.recent_success == 0.5
        assert state.delivered == 1


async def test_alerts_that_fire_and_where() -> None:
    fake = FakeDiscord()
    two = {name: {"webhook_url": fake.add_webhook().url} for name in ("errors", "ops")}
    async with running(fake, destinations=two, **RUNS) as rig:
        await rig.exporter.consume(batch(firing(now_s()), firing(now_s(), name="DiskFull", fingerprint="d")))
        await asyncio.sleep(30)
        fires = {event.name: list(places) for event, places in rig.exporter.firing_alerts()}
        assert fires == {"QueueTooDeep": ["errors", "ops"], "DiskFull": ["errors", "ops"]}
        await rig.exporter.consume(batch(resolved(0, now_s())))
        await asyncio.sleep(30)
        assert [event.name for event, _ in rig.exporter.firing_alerts()] == ["DiskFull"]


async def test_a_storm_of_problems_keeps_the_journal_within_its_bounds() -> None:
    fake = FakeDiscord(channel_limit=None)
    runs = {**RUNS, "fold": {"enabled": False}, "rate_limit": {"channel_messages_per_minute": 0}}
    async with running(fake, **runs) as rig:
        for first in range(0, 3_000, 500):
            await rig.exporter.consume(logs_batch(500, first=first))
        await asyncio.sleep(600)
        assert len(fake.messages) > 100
        assert len(rig.exporter.recent_messages(1_000)) == 100
        assert len(rig.exporter.recent_messages(7)) == 7


async def test_a_reload_keeps_what_is_known_but_not_of_another_address() -> None:
    fake = FakeDiscord()
    old, new = fake.add_webhook(), fake.add_webhook(name="Newcomer")
    host = NopHost()
    async with running(fake, host=host, webhook_url=old.url, **RUNS) as rig:
        await rig.exporter.consume(logs_batch(1))
        await asyncio.sleep(10)
        assert "Spidey Bot" in only_state(rig).label
    async with running(fake, host=host, webhook_url=new.url, **RUNS) as rig:
        await asyncio.sleep(10)
        assert len(rig.exporter.recent_messages()) == 1
        assert only_state(rig).delivered == 1
        assert "Newcomer" in only_state(rig).label


async def test_a_card_too_large_for_the_journal_is_told_of_and_takes_no_others_room() -> None:
    fake = FakeDiscord()
    async with running(fake, **RUNS) as rig:
        await rig.exporter.consume(logs_batch(1))
        await asyncio.sleep(10)
        fake.faults.add(Fault(Answer(400, {"message": "no", "code": 50035, "errors": {}}), match=posts, times=inf))
        large = logs_batch(1)
        for _, _, record in large.records():
            record.body.string_value = "x" * 5_000_000
        await rig.exporter.consume(large)
        await asyncio.sleep(30)
        failed, sent = rig.exporter.recent_messages()
        assert not failed.is_delivered
        assert failed.journey[-1].what == "dead letter"
        assert sent.is_delivered
