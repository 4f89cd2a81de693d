"""A destination that cannot be reached: no storm meanwhile, everything in order afterwards, others undisturbed."""

import asyncio
import re
from math import inf
from typing import Any

import pytest

from otel_discord.component import Status
from otel_discord.testing.fake_discord import Answer, Break, Cut, FakeDiscord, Fault, Stall, posts, webhook_is
from otel_discord.testing.otlp import logs_batch
from tests.exporters.discord.rig import running

pytestmark = pytest.mark.looptime(idle_timeout=20_000, idle_step=5)
FAST: dict[str, Any] = {"shutdown_timeout": "1h", "rate_limit": {"channel_messages_per_minute": 0}}
HOUR_S = 3600.0
HTML = "<html>bad gateway</html>"


def fake_discord() -> FakeDiscord:
    return FakeDiscord(channel_limit=None)


@pytest.mark.parametrize(
    ("action", "per_cooldown"),
    [
        (Answer(503, HTML), 1.0),
        (Answer(502, HTML), 1.0),
        (Answer(500, {"message": "500: Internal Server Error", "code": 0}), 1.3),
        (Break(Cut.REFUSED), 1.0),
        (Break(Cut.BEFORE_HEADERS), 1.3),
        (Stall(), 1.0),
    ],
    ids=["503", "502", "500", "refused", "reset", "silent"],
)
async def test_an_hour_away_costs_about_a_request_each_cooldown_and_everything_arrives(
    action: Any, per_cooldown: float
) -> None:
    fake = fake_discord()
    loop = asyncio.get_running_loop()
    async with running(fake, **FAST) as rig:
        await asyncio.sleep(1)
        away = Fault(action, times=inf)
        fake.faults.add(away)
        until_s = loop.time() + HOUR_S
        number = 0
        while loop.time() < until_s:
            await rig.exporter.consume(logs_batch(1, first=number))
            number += 1
            await asyncio.sleep(20)
        asked = away.hits
        fake.faults.clear()
        await asyncio.sleep(120)
        assert rig.arrived() == list(range(number)), "all, once, in order"
    assert asked <= 10 + per_cooldown * HOUR_S / 30
    assert asked >= HOUR_S / 60
    assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 0


async def test_critical_first_after_an_outage() -> None:
    fake = fake_discord()
    async with running(fake, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        for number in range(30):
            await rig.exporter.consume(logs_batch(1, first=number, severity=21 if number % 10 == 9 else 17))
        await asyncio.sleep(300)
        fake.faults.clear()
        await asyncio.sleep(60)
    assert rig.arrived()[:3] == [9, 19, 29]
    assert rig.arrived()[3:] == [number for number in range(30) if number % 10 != 9]


async def test_one_destination_away_leaves_the_other_alone() -> None:
    fake = fake_discord()
    away, well = fake.add_webhook(), fake.add_webhook()
    fake.faults.add(Fault(Answer(503), match=webhook_is(away.id), times=inf))
    destinations = {"away": {"webhook_url": away.url}, "well": {"webhook_url": well.url}}
    async with running(fake, destinations=destinations, **FAST) as rig:
        for number in range(20):
            await rig.exporter.consume(logs_batch(1, first=number))
            await asyncio.sleep(5)
        assert rig.arrived(well) == list(range(20))
        assert rig.telemetry.value("otel_discord_breaker_state", destination="away") == 2
        assert rig.telemetry.value("otel_discord_breaker_state", destination="well") == 0
        fake.faults.clear()
        await asyncio.sleep(60)
        assert rig.arrived(away) == list(range(20))


async def test_opening_and_closing_are_said_once_and_shown(caplog: pytest.LogCaptureFixture) -> None:
    fake = fake_discord()
    async with running(fake, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        await rig.exporter.consume(logs_batch(25))
        await asyncio.sleep(600)
        assert rig.telemetry.value("otel_discord_breaker_state") == 2
        assert rig.host.events[-1].status is Status.RECOVERABLE
        fake.faults.clear()
        await asyncio.sleep(60)
        assert rig.telemetry.value("otel_discord_breaker_state") == 0
        assert rig.host.events[-1].status is Status.OK
    (opened,) = [record for record in caplog.records if "cannot be reached" in record.message]
    (closed,) = [record for record in caplog.records if "can be reached again" in record.message]
    assert opened.__dict__["waiting"] == 25
    assert opened.__dict__["reason"] == "connection"
    assert re.search(r"after (9 m [345]\d s|10 m)", closed.message)
    assert closed.__dict__["waiting"] == 15


async def test_attempts_are_given_back_however_few_there_are() -> None:
    fake = fake_discord()
    fake.faults.add(Fault(Answer(503), match=posts, times=7))
    async with running(fake, retry_on_failure={"enabled": False}, **FAST) as rig:
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(600)
        assert rig.arrived() == [0, 1, 2]


async def test_a_message_is_composed_anew_after_a_failure_that_made_nothing() -> None:
    fake = fake_discord()
    async with running(fake, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
        await rig.exporter.consume(logs_batch(1))
        await asyncio.sleep(100)
        await rig.exporter.consume(logs_batch(4, first=1))
        fake.faults.clear()
        await asyncio.sleep(60)
        assert rig.arrived() == [0, 1, 2, 3, 4]
        assert len(fake.messages) == 1
        assert rig.telemetry.value("otel_discord_possible_duplicates_total") == 0


async def test_only_what_was_in_doubt_carries_the_mark() -> None:
    fake = fake_discord()
    async with running(fake, **FAST) as rig:
        await asyncio.sleep(1)
        fake.faults.add(Fault(Answer(502, HTML), times=inf))
        await rig.exporter.consume(logs_batch(2))
        await asyncio.sleep(100)
        await rig.exporter.consume(logs_batch(3, first=2))
        fake.faults.clear()
        await asyncio.sleep(60)
        assert rig.arrived() == [0, 1, 2, 3, 4]
    marked, fresh = fake.messages
    assert len(marked.embeds) == 2
    assert all("sent again" in embed["footer"]["text"] for embed in marked.embeds)
    assert not any("footer" in embed for embed in fresh.embeds)


async def test_at_most_once_asks_with_a_request_that_makes_nothing() -> None:
    fake = fake_discord()
    hook = fake.add_webhook()
    destinations = {"only": {"webhook_url": hook.url, "delivery": "at_most_once"}}
    async with running(fake, destinations=destinations, **FAST) as rig:
        await asyncio.sleep(1)
        away = Fault(Answer(502, HTML), times=inf)
        fake.faults.add(away)
        for number in range(100):
            await rig.exporter.consume(logs_batch(1, first=number))
        await asyncio.sleep(HOUR_S)
        hits = away.hits
        fake.faults.clear()
        await asyncio.sleep(100)
        assert rig.telemetry.value("otelcol_exporter_send_failed_log_records") == 5 * 10
        assert hits <= 5 + HOUR_S / 30
        assert rig.arrived() == list(range(50, 100)), "one message for each failure before it opened, no more"


async def test_a_429_neither_opens_nor_counts() -> None:
    fake = fake_discord()
    limited = {"message": "x", "retry_after": 2.0, "global": False}
    fake.faults.add(Fault(Answer(429, limited, {"retry-after": "2", "via": "1.1 google"}), match=posts, times=20))
    async with running(fake, circuit_breaker={"failure_threshold": 2}, **FAST) as rig:
        await rig.exporter.consume(logs_batch(1))
        await asyncio.sleep(100)
        assert rig.arrived() == [0]
        assert rig.telemetry.value("otel_discord_breaker_state") == 0


async def test_an_outage_that_begins_with_the_start_is_no_reason_not_to_start() -> None:
    fake = fake_discord()
    fake.faults.add(Fault(Break(Cut.REFUSED), times=inf))
    async with running(fake, **FAST) as rig:
        await rig.exporter.consume(logs_batch(3))
        await asyncio.sleep(500)
        fake.faults.clear()
        await asyncio.sleep(60)
        assert rig.arrived() == [0, 1, 2]
