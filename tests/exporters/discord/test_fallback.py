"""What a fallback takes over: what is critical while the breaker is open, everything once the webhook is gone."""

import asyncio
from collections.abc import Mapping
from math import inf
from typing import Any

import pytest

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.fallback import redirected, takes
from otel_discord.testing.fake_discord import Answer, Break, Cut, FakeDiscord, FakeWebhook, Fault, webhook_is
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.counting import counts
from tests.exporters.discord.rig import Rig, running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
FAST: dict[str, Any] = {"shutdown_timeout": "1h", "rate_limit": {"channel_messages_per_minute": 0}}


def three(fake: FakeDiscord, fallbacks: Mapping[str, str]) -> tuple[dict[str, dict[str, Any]], dict[str, FakeWebhook]]:
    """Destinations a, b and c; only a gets records."""
    hooks = {name: fake.add_webhook() for name in "abc"}
    destinations: dict[str, dict[str, Any]] = {
        name: {"webhook_url": hook.url, "min_severity": "ERROR" if name == "a" else 24} for name, hook in hooks.items()
    }
    for name, fallback in fallbacks.items():
        destinations[name]["fallback"] = fallback
    return destinations, hooks


async def feed(rig: Rig, count: int, *, critical: set[int] = frozenset()) -> None:  # type: ignore[assignment]
    for number in range(count):
        await rig.exporter.consume(logs_batch(1, first=number, severity=21 if number in critical else 17))


async def test_what_is_critical_goes_on_elsewhere_and_says_where_it_belongs() -> None:
    fake = FakeDiscord(channel_limit=None)
    destinations, hooks = three(fake, {"a": "b"})
    async with running(fake, destinations=destinations, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), match=webhook_is(hooks["a"].id), times=inf))
        await feed(rig, 10, critical={3, 7})
        await asyncio.sleep(30)
        assert rig.arrived(hooks["b"]) == [3, 7]
        await rig.exporter.consume(logs_batch(1, first=10, severity=21))
        await asyncio.sleep(1)
        assert rig.arrived(hooks["b"]) == [3, 7, 10], "also what comes while it is open, at once"
        fake.faults.clear()
        await asyncio.sleep(60)
        assert rig.arrived(hooks["a"]) == [0, 1, 2, 4, 5, 6, 8, 9]
    (first, *_) = fake.messages_of(hooks["b"])
    assert "for “a”, which cannot be reached" in first.embeds[0]["description"]
    assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 11


async def test_the_critical_card_that_met_a_503_goes_too_and_one_without_an_answer_stays() -> None:
    for action, moved in ((Answer(503), [0]), (Answer(502), []), (Break(Cut.BEFORE_HEADERS), [])):
        fake = FakeDiscord(channel_limit=None)
        destinations, hooks = three(fake, {"a": "b"})
        async with running(fake, destinations=destinations, **FAST) as rig:
            await asyncio.sleep(1)
            fake.faults.add(Fault(action, match=webhook_is(hooks["a"].id), times=inf))
            await feed(rig, 1, critical={0})
            await asyncio.sleep(60)
            assert rig.arrived(hooks["b"]) == moved
            fake.faults.clear()
            await asyncio.sleep(60)
            assert rig.arrived() == [0]


async def test_mutual_fallbacks_do_not_play_ping_pong() -> None:
    fake = FakeDiscord(channel_limit=None)
    destinations, _ = three(fake, {"a": "b", "b": "a"})
    async with running(fake, destinations=destinations, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        await feed(rig, 10, critical={1, 2})
        await asyncio.sleep(1000)
        fake.faults.clear()
        await asyncio.sleep(100)
        assert sorted(rig.arrived()) == list(range(10))
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0


async def test_critical_cards_wait_where_they_are_while_the_fallback_is_away_too() -> None:
    fake = FakeDiscord(channel_limit=None)
    destinations, hooks = three(fake, {"a": "b"})
    destinations["b"]["min_severity"] = "ERROR"
    async with running(fake, destinations=destinations, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        await rig.exporter.consume(logs_batch(1))  # both breakers open
        await asyncio.sleep(60)
        await rig.exporter.consume(logs_batch(1, first=1, severity=21))
        await asyncio.sleep(100)
        fake.faults.clear()
        await asyncio.sleep(100)
        assert sorted(rig.arrived(hooks["a"]) + rig.arrived(hooks["b"])) == [0, 0, 1, 1]


async def test_everything_goes_to_the_fallback_once_the_webhook_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord(channel_limit=None)
    destinations, hooks = three(fake, {"a": "b"})
    async with running(fake, destinations=destinations, **FAST) as rig:
        await asyncio.sleep(1)
        fake.delete_webhook(hooks["a"])
        await feed(rig, 25)
        await asyncio.sleep(60)
        await rig.exporter.consume(logs_batch(5, first=25))
        await asyncio.sleep(60)
        told, *cards = fake.messages_of(hooks["b"])
        assert "a: the webhook is gone" in told.embeds[0]["title"]
        assert rig.arrived(hooks["b"]) == list(range(30))
        assert "whose webhook is gone" in cards[0].embeds[0]["description"]
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0
    assert sum(each.status == 404 for each in fake.exchanges) == 1
    assert len([record for record in caplog.records if "nothing more is sent" in record.message]) == 1


async def test_a_chain_of_fallbacks_and_its_end() -> None:
    fake = FakeDiscord(channel_limit=None)
    destinations, hooks = three(fake, {"a": "b", "b": "c", "c": "a"})
    async with running(fake, destinations=destinations, **FAST) as rig:
        await asyncio.sleep(1)
        fake.delete_webhook(hooks["a"])
        fake.delete_webhook(hooks["b"])
        await feed(rig, 5)
        await asyncio.sleep(60)
        assert rig.arrived(hooks["c"]) == [0, 1, 2, 3, 4]
        fake.delete_webhook(hooks["c"])
        await rig.exporter.consume(logs_batch(5, first=5))
        await asyncio.sleep(60)
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 5
    assert sum(each.status == 404 for each in fake.exchanges) == 3


CARD = Card(resource=b"", scope=b"", record=b"", severity=17, first_seen_ns=1, last_seen_ns=1, accepted_ns=1)


class Place:
    """A haven."""

    def __init__(self, name: str, *, gone: bool = False, haven: "Place | None" = None) -> None:
        self.name, self.is_gone, self.is_open, self.haven = name, gone, False, haven

    def notify(self) -> None:
        """Nobody listens."""


def test_a_redirected_card_knows_where_it_was() -> None:
    once = redirected(CARD, "a", "which cannot be reached")
    assert (once.been_to, once.notes) == (("a",), ("for “a”, which cannot be reached",))
    assert Card.from_bytes(redirected(once, "b", "whose webhook is gone").to_bytes()).been_to == ("a", "b")


def test_which_havens_take_a_card() -> None:
    well = Place("b")
    assert takes(well, ["a"])
    assert not takes(well, ["a", "b"])
    assert not takes(None, [])
    assert takes(Place("c", gone=True, haven=well), ["a"])
    assert not takes(Place("c", gone=True, haven=well), ["a", "b"])
    ring = Place("c", gone=True)
    ring.haven = Place("d", gone=True, haven=ring)
    assert not takes(ring, ["a"])


async def test_a_fallback_that_gets_the_record_anyway_shows_it_once() -> None:
    fake = FakeDiscord(channel_limit=None)
    hooks = {name: fake.add_webhook() for name in "ab"}
    destinations = {
        "a": {"webhook_url": hooks["a"].url, "min_severity": "ERROR", "fallback": "b"},
        "b": {"webhook_url": hooks["b"].url, "min_severity": "FATAL"},
    }
    async with running(fake, destinations=destinations, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), match=webhook_is(hooks["a"].id), times=inf))
        await feed(rig, 4, critical={2})
        await asyncio.sleep(30)
        assert rig.arrived(hooks["b"]) == [2], "its own card; that of a waits for a"
        fake.faults.clear()
        fake.faults.add(Fault(Answer(404), match=webhook_is(hooks["a"].id), times=inf))
        await asyncio.sleep(120)
        assert sorted(rig.arrived(hooks["b"])) == [0, 1, 2, 3], "nothing twice, nothing lost"


async def test_what_the_fallback_got_anyway_does_not_count_as_waiting_once_the_webhook_is_gone() -> None:
    fake = FakeDiscord(channel_limit=None)
    hooks = {name: fake.add_webhook() for name in "ab"}
    destinations = {"a": {"webhook_url": hooks["a"].url, "fallback": "b"}, "b": {"webhook_url": hooks["b"].url}}
    async with running(fake, destinations=destinations, fold={"enabled": True}, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), match=webhook_is(hooks["a"].id), times=inf))
        await feed(rig, 40)
        await asyncio.sleep(30)
        fake.faults.clear()
        fake.delete_webhook(hooks["a"])
        await asyncio.sleep(120)
        assert {each.name: each.waiting_cards for each in rig.exporter.destination_states()} == {"a": 0, "b": 0}


async def test_a_storm_for_a_webhook_that_is_gone_stays_a_few_cards_in_the_fallback() -> None:
    fake = FakeDiscord(channel_limit=None)
    destinations, hooks = three(fake, {"a": "b"})
    async with running(fake, destinations=destinations, fold={"enabled": True}, **FAST) as rig:
        await asyncio.sleep(1)
        fake.delete_webhook(hooks["a"])
        for number in range(100):
            await rig.exporter.consume(logs_batch(10, first=10 * number))
            await asyncio.sleep(0.1)
        await asyncio.sleep(60)
        _, *cards = fake.messages_of(hooks["b"])
        assert sum(counts(cards)) == 1_000
        assert len(counts(cards)) <= 4
        assert all("whose webhook is gone" in message.embeds[0]["description"] for message in cards)


async def test_what_is_critical_and_repeats_is_counted_in_the_fallback_while_the_breaker_is_open() -> None:
    fake = FakeDiscord(channel_limit=None)
    destinations, hooks = three(fake, {"a": "b"})
    async with running(fake, destinations=destinations, fold={"enabled": True}, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), match=webhook_is(hooks["a"].id), times=inf))
        await rig.exporter.consume(logs_batch(1))
        await asyncio.sleep(30)
        for number in range(100):
            await rig.exporter.consume(logs_batch(2, first=2 * number, severity=21))
            await rig.exporter.consume(logs_batch(1, first=number))
            await asyncio.sleep(0.3)
        await asyncio.sleep(20)
        assert counts(fake.messages_of(hooks["b"])) == [200]
        fake.faults.clear()
        await asyncio.sleep(100)
        assert sum(counts(fake.messages_of(hooks["a"]))) == 101


@pytest.mark.parametrize("first_severity", [17, 19])
async def test_of_one_problem_those_that_the_fallback_got_itself_are_not_counted_with_the_others(
    first_severity: int,
) -> None:
    """What a card in “a” counts is brought to “b”, or is there by itself: all of it, whoever came first."""
    fake = FakeDiscord(channel_limit=None)
    destinations, hooks = three(fake, {"a": "b"})
    destinations["b"]["min_severity"] = "ERROR3"
    async with running(fake, destinations=destinations, fold={"enabled": True}, **FAST) as rig:
        fake.delete_webhook(hooks["a"])
        await rig.exporter.consume(logs_batch(1, body="order {n} failed", severity=first_severity))
        await rig.exporter.consume(logs_batch(9, body="order {n} failed", severity=36 - first_severity, first=1))
        await asyncio.sleep(60)
        assert rig.telemetry.value("otelcol_exporter_sent_log_records") == 10
    shown = [message for message in fake.messages_of(hooks["b"]) if "order" in str(message.embeds)]
    assert sorted(counts(shown)) == [1, 9]
