"""A message that nobody takes must not hold up its lane; one that cannot be delivered now must."""

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from otel_discord.testing.fake_discord import Answer, Break, Cut, FakeDiscord, Fault, method_is, posts
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.rig import running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
FAST: dict[str, Any] = {"shutdown_timeout": "1h", "rate_limit": {"channel_messages_per_minute": 0}}
INTERNAL = Answer(500, {"message": "500: Internal Server Error", "code": 0})


def holds(*words: str) -> Callable[[Any], bool]:
    """Match messages with one of these records, alone or among others."""
    return lambda request: posts(request) and any(f'"🔴 {word}"'.encode() in request.body for word in words)


@pytest.mark.parametrize("action", [INTERNAL, Break(Cut.BEFORE_HEADERS)], ids=["500", "reset"])
async def test_a_poisoned_card_among_ten_ends_alone(action: Any, caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeDiscord(channel_limit=None)
    poisoned = Fault(action, match=holds("record 14"), times=inf)
    fake.faults.add(poisoned)
    async with running(fake, **FAST) as rig:
        await rig.exporter.consume(logs_batch(40))
        await asyncio.sleep(600)
        assert sorted(rig.arrived()) == [number for number in range(40) if number != 14]
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 1
        assert rig.telemetry.value("otel_discord_breaker_state") == 0
    assert "record 14" in caplog.text
    assert poisoned.hits <= 5 + 5 + 1, "with its neighbours, then alone"


async def test_several_poisoned_cards_in_one_message() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(INTERNAL, match=holds("record 0", "record 3", "record 9"), times=inf))
    async with running(fake, **FAST) as rig:
        await rig.exporter.consume(logs_batch(20))
        await asyncio.sleep(600)
        assert sorted(rig.arrived()) == [number for number in range(20) if number not in {0, 3, 9}]
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 3


async def test_a_single_poisoned_card_stays_while_there_is_nothing_to_compare_with() -> None:
    fake = FakeDiscord(channel_limit=None)
    poisoned = Fault(INTERNAL, match=holds("record 0"), times=inf)
    fake.faults.add(poisoned)
    async with running(fake, **FAST) as rig:
        await rig.exporter.consume(logs_batch(1))
        await asyncio.sleep(3600)
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0
        assert 100 <= poisoned.hits <= 130, "asked once each cooldown"
        assert rig.telemetry.value("otel_discord_breaker_state") == 2
        await rig.exporter.consume(logs_batch(5, first=1))
        await asyncio.sleep(120)
        assert rig.arrived() == [1, 2, 3, 4, 5]
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 1
        assert rig.telemetry.value("otel_discord_breaker_state") == 0


async def test_a_500_for_everybody_is_an_outage_also_where_the_webhook_answers() -> None:
    fake = FakeDiscord(channel_limit=None)
    away = Fault(INTERNAL, match=posts, times=inf)
    fake.faults.add(away)
    async with running(fake, **FAST) as rig:
        await rig.exporter.consume(logs_batch(60))
        await asyncio.sleep(3600)
        assert rig.arrived() == []
        asked = away.hits
        fake.faults.clear()
        await asyncio.sleep(120)
        assert rig.arrived() == list(range(60))
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0
    assert asked <= 5 + 120 + 20


async def test_where_the_webhook_does_not_answer_the_next_cards_are_not_tried() -> None:
    fake = FakeDiscord(channel_limit=None)
    async with running(fake, **FAST) as rig:
        await asyncio.sleep(1)
        others = Fault(INTERNAL, match=lambda request: posts(request) and b"record 0" not in request.body, times=inf)
        fake.faults.add(Fault(INTERNAL, match=method_is("GET"), times=inf), others)
        fake.faults.add(Fault(INTERNAL, match=posts, times=inf))
        await rig.exporter.consume(logs_batch(30))
        await asyncio.sleep(600)
        assert others.hits == 0
        fake.faults.clear()
        await asyncio.sleep(60)
        assert rig.arrived() == list(range(30))


@pytest.mark.parametrize("max_attempts", [0, 1, 3, 8])
async def test_however_many_attempts_there_are(max_attempts: int) -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(INTERNAL, match=holds("record 2"), times=inf))
    async with running(fake, retry_on_failure={"max_attempts": max_attempts}, **FAST) as rig:
        await rig.exporter.consume(logs_batch(15))
        await asyncio.sleep(900)
        assert sorted(rig.arrived()) == [number for number in range(15) if number != 2]
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 1


async def test_an_outage_in_the_middle_of_a_suspicion_costs_nobody_anything() -> None:
    fake = FakeDiscord(channel_limit=None)
    fake.faults.add(Fault(INTERNAL, match=holds("record 4"), times=5))  # with its neighbours, then never again
    async with running(fake, **FAST) as rig:
        await rig.exporter.consume(logs_batch(30))
        while 10 not in rig.arrived():
            await asyncio.sleep(0.1)
        away = Fault(Break(Cut.REFUSED), times=inf)
        fake.faults.add(away)
        await asyncio.sleep(600)
        assert away.hits <= 30
        fake.faults.clear()
        await asyncio.sleep(60)
        assert sorted(rig.arrived()) == list(range(30))
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0
