"""From metrics to what Discord shows, over simulated days: flapping, hysteresis, refires, edits, related alerts."""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from otel_discord.component import Outlets
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.connector import ThresholdConnector
from otel_discord.exporters.discord.alerts.pacing import MOST_TURNS
from otel_discord.signals import Signal
from otel_discord.testing.fake_discord import Answer, FakeDiscord, FakeRequest, Fault
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.connectors.threshold.world import gauge, rule
from tests.exporters.discord.alerting import AMBER, GREEN, GREY, RED, colors, edits, titles, words
from tests.exporters.discord.rig import Rig, running
from tests.exporters.discord.test_alert_life import ALERTS, wall_clock

# Nobody else is waited for here, so that time may go on as soon as nothing is to do: days take seconds.
pytestmark = pytest.mark.looptime(idle_timeout=2_000_000, idle_step=900, noop_cycles=3)
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
DAYS = 3 if os.environ.get("OTEL_DISCORD_FAULTS") == "all" else 2
"""How many are played."""
STEP_S = 300
"""Between two points, where days are played; windows are longer."""
Values = Callable[[float], float | Mapping[str, float] | None]
"""What a queue holds so many seconds after a moment, or queues by the names of their services; None tells nothing."""


@dataclass(slots=True)
class Chain:
    """Metrics, rules, and Discord, on one virtual clock."""

    rig: Rig
    connector: ThresholdConnector

    @property
    def fake(self) -> FakeDiscord:
        """What stands for Discord."""
        return self.rig.fake

    async def go(self, seconds: float, values: Values | float | None, step_s: float = 10) -> None:
        """Let time pass; a point comes and rules are asked at each step."""
        for step in range(round(seconds / step_s)):
            found = values(step * step_s) if callable(values) else values
            if found is not None:
                for service, value in (found if isinstance(found, Mapping) else {"worker": found}).items():
                    await self.connector.consume(
                        gauge("queue.depth", value, _now_ns(), resource={"service.name": service})
                    )
            await self.connector.evaluate()
            await asyncio.sleep(step_s)


@asynccontextmanager
async def chain(*rules: dict[str, Any], fake: FakeDiscord | None = None, **exporter: Any) -> AsyncIterator[Chain]:
    """Run the connector before the exporter."""
    config = ThresholdConfig.model_validate({"rules": list(rules), "evaluation_interval": "1000h"})
    alerts = {"alerts": ALERTS["alerts"] | {"charts": False}}  # they are drawn by a thread
    async with running(fake or FakeDiscord(), **ALERTS | alerts | exporter) as rig:
        outlets = Outlets({Signal.LOGS: rig.exporter})
        connector = ThresholdConnector(settings("threshold", InMemoryTelemetry()), config, outlets, _now_ns)
        async with connector.lifespan(NopHost()):
            yield Chain(rig, connector)


def _now_ns() -> int:
    return int(wall_clock() * 1e9)


@pytest.mark.parametrize("period_s", [20, 40, 100, 110])
async def test_flapping_faster_than_for_is_no_message(period_s: int) -> None:
    keys = rule(**{"for": "1m"}, resolve="< 80", repeat_interval="1m")
    async with chain(keys) as made:
        await made.go(6 * HOUR_S, lambda second: 5000 if second % period_s < period_s / 2 else 5)
        assert made.fake.messages == []
        assert not made.rig.telemetry.value("otelcol_exporter_sent_log_records")
        await made.go(90, 5000)  # and what does not flap any more is told
        assert colors(made.fake) == [RED]


async def test_flapping_around_the_line_is_one_message_where_it_is_kept_firing() -> None:
    async with chain(rule(keep_firing_for="2m", repeat_interval="0s")) as made:
        await made.go(HOUR_S, lambda second: 110 if second % 100 < 50 else 90)
        assert colors(made.fake) == [AMBER]
        await made.go(5 * MINUTE_S, 90)
        assert titles(made.fake) == ["🟢 QueueTooDeep: resolved after 1 hour 1 minute"]
        assert len(edits(made.fake)) == 1


async def test_hysteresis_holds() -> None:
    async with chain(rule(resolve="< 80", repeat_interval="0s")) as made:
        await made.go(60, 95)
        assert made.fake.messages == []  # between the lines nothing begins
        await made.go(60, 110)
        await made.go(6 * HOUR_S, lambda second: 110 if second % 100 < 50 else 90)
        assert colors(made.fake) == [AMBER]
        assert edits(made.fake) == []
        await made.go(60, 80)
        assert colors(made.fake) == [AMBER]
        await made.go(60, 79.9)
        assert titles(made.fake) == ["🟢 QueueTooDeep: resolved after 6 hours 2 minutes"]
        await made.go(60, 95)
        assert len(made.fake.messages) == len(edits(made.fake)) == 1


async def test_ten_related_alerts_are_one_message() -> None:
    """They begin within the time that a group waits, and end one after the other."""
    shops = [f"shop-{number}" for number in range(10)]

    def filling(second: float) -> Mapping[str, float]:
        return {shop: 500 if number <= second * 3 else 5 for number, shop in enumerate(shops)}

    def emptying(second: float) -> Mapping[str, float]:
        return {shop: 5 if number * 120 <= second else 500 for number, shop in enumerate(shops)}

    async with chain(rule(repeat_interval="0s")) as made:
        await made.go(5, lambda _: dict.fromkeys(shops, 5.0), step_s=1)
        await made.go(30, filling, step_s=1)
        (message,) = made.fake.messages
        assert titles(made.fake) == ["🟠 QueueTooDeep: 10 firing"]
        assert colors(made.fake) == [AMBER]
        assert all(shop in words(message) for shop in shops)
        await made.go(18 * MINUTE_S, emptying)
        assert titles(made.fake) == ["🟠 QueueTooDeep: 1 firing of 10"]
        await made.go(2 * MINUTE_S, lambda _: dict.fromkeys(shops, 5.0))
        assert titles(made.fake) == ["🟢 QueueTooDeep: all 10 resolved after 18 minutes"]
        assert len(made.fake.messages) == 1
        assert len(edits(made.fake)) == 10


async def test_days_of_one_alert() -> None:
    """Values have the rhythm of an hour and rise from day to day, too little to be news: every hour they are told."""

    def busy(second: float) -> float:
        return 500 + 50 * math.sin(second / HOUR_S * 2 * math.pi) + 10 * (second // DAY_S)

    async with chain(rule(**{"for": "5m"}, resolve="< 80", repeat_interval="1h", window="10m")) as made:
        await made.go(10 * MINUTE_S, 5, STEP_S)
        await made.go(DAYS * DAY_S, busy, STEP_S)
        assert colors(made.fake) == [AMBER]
        # It fires five minutes after it began, and says how it stands an hour after that, and so on.
        assert len(edits(made.fake)) == DAYS * 24 - 1
        assert all(later - before == pytest.approx(HOUR_S, abs=1) for before, later in pairwise(edits(made.fake)))
        assert "above 100 · started" in words(made.fake.messages[0])
        assert f"peak {540 + 10 * DAYS}" in words(made.fake.messages[0])
        await made.go(10 * MINUTE_S, 5, STEP_S)
        assert titles(made.fake) == [f"🟢 QueueTooDeep: resolved after {DAYS} days"]
        assert colors(made.fake) == [GREEN]
        assert len(edits(made.fake)) == DAYS * 24
        assert len(made.fake.messages) == 1
        assert made.rig.telemetry.value("otelcol_exporter_sent_log_records") == DAYS * 24 + 1


async def test_days_told_every_five_minutes_keep_to_four_edits_an_hour() -> None:
    """Discord takes few edits of what is older than an hour (30046), so values are not shown as often as they come."""
    async with chain(rule(repeat_interval="5m", window="10m")) as made:
        await made.go(DAYS * DAY_S, lambda second: 500 + second / 1000, STEP_S)
        young = [second for second in edits(made.fake) if second <= HOUR_S]
        old = [second for second in edits(made.fake) if second > HOUR_S + 30]
        assert len(young) == 12
        assert all(later - before >= 900 for before, later in pairwise(old))
        assert len(old) in (DAYS * 96 - 4, DAYS * 96 - 5)
        await made.go(2 * STEP_S, 5, STEP_S)
        assert titles(made.fake) == [f"🟢 QueueTooDeep: resolved after {DAYS} days"]
        assert f"peak {500 + DAYS * DAY_S // 1000}" in words(made.fake.messages[0])
        assert len(made.fake.messages) == 1
        assert made.rig.telemetry.value("otel_discord_rate_limited_total") in (None, 0)


async def test_a_peak_each_day_is_a_message_each_day() -> None:
    """Two hours above the line, the middle one of them far above; its own message, with its own times and peak."""

    def day(second: float) -> float:
        hour = second % DAY_S / HOUR_S
        height = 10 * (1 + second // DAY_S)
        return {8: 500, 9: 2000 + height, 10: 500}.get(int(hour), 5)

    async with chain(rule(**{"for": "5m"}, resolve="< 80", repeat_interval="0s", window="10m")) as made:
        await made.go(DAYS * DAY_S, day, STEP_S)
        assert colors(made.fake) == [GREY, GREEN] * DAYS
        assert len(edits(made.fake)) == DAYS * 3  # it went on as critical; it got better; it is over
        for number in range(DAYS):
            first, second = made.fake.messages[2 * number : 2 * number + 2]
            assert "went on as critical" in words(first)
            assert "resolved after 3 hours\n" in words(second)
            assert f"peak 2,0{number + 1}0" in words(second)
            assert first.id in words(second)
        assert made.rig.telemetry.value("otelcol_exporter_sent_log_records") == DAYS * 4


async def test_a_gap_is_no_end_and_silence_is_one() -> None:
    async with chain(rule(no_data={"after": "10m"}, repeat_interval="0s")) as made:
        await made.go(10 * MINUTE_S, 500)
        await made.go(8 * MINUTE_S, None)
        assert colors(made.fake) == [AMBER]
        await made.go(10 * MINUTE_S, 500)
        await made.go(20 * MINUTE_S, None)
        assert colors(made.fake) == [GREEN]
        assert "no data any more" in words(made.fake.messages[0])
        await made.go(MINUTE_S, 500)
        assert colors(made.fake) == [GREEN, AMBER]


@pytest.mark.parametrize("repeat_interval", ["5m", "12h"])
async def test_days_at_a_discord_that_takes_no_edits_of_old_messages(repeat_interval: str) -> None:
    """The message of an alert that is as it was stays the only one; its end is a new one, and edits are tried again."""
    fake = FakeDiscord()
    tried = refuse_old_edits(fake)
    async with chain(rule(repeat_interval=repeat_interval, window="10m"), fake=fake) as made:
        await made.go(DAYS * DAY_S, lambda second: 500 + second / 1000, STEP_S)
        assert colors(fake) == [AMBER]
        assert all(second <= HOUR_S + 60 for second in edits(fake))
        assert len(tried) <= DAYS * 24 + 3
        await made.go(2 * STEP_S, 5, STEP_S)
        assert colors(fake) == [AMBER, GREEN]
        assert titles(fake)[-1] == f"🟢 QueueTooDeep: resolved after {DAYS} days"
        fake.faults.clear()
        before = len(edits(fake))
        await made.go(2 * HOUR_S, 5, STEP_S)
        assert colors(fake) == [GREEN, GREEN]
        assert titles(fake)[0] == titles(fake)[1]
        await made.go(DAY_S, 5, STEP_S)
        assert len(edits(fake)) == before + 1


async def test_a_message_that_can_never_be_turned_is_left_as_it_is() -> None:
    fake = FakeDiscord()
    tried = refuse_old_edits(fake)
    async with chain(rule(repeat_interval="0s", window="10m"), fake=fake) as made:
        await made.go(2 * HOUR_S, 500, STEP_S)
        await made.go(DAYS * DAY_S, 5, STEP_S)
        assert colors(fake) == [AMBER, GREEN]
        assert len(tried) == MOST_TURNS


async def test_what_gets_worse_is_told_at_once_by_a_discord_that_takes_no_edits() -> None:
    fake = FakeDiscord()
    refuse_old_edits(fake)
    async with chain(rule(repeat_interval="1h", window="10m"), fake=fake) as made:
        await made.go(6 * HOUR_S, 500, STEP_S)
        await made.go(2 * STEP_S, 2000, STEP_S)
        assert colors(fake) == [AMBER, RED]
        assert fake.messages[0].id in words(fake.messages[1])
        fake.faults.clear()
        await made.go(2 * HOUR_S, 2000, STEP_S)
        assert colors(fake) == [GREY, RED]
        assert "went on as critical" in words(fake.messages[0])
        await made.go(2 * STEP_S, 5, STEP_S)
        assert colors(fake) == [GREY, GREEN]


async def test_who_joins_is_told_although_discord_takes_no_edits() -> None:
    """Nobody reads of it otherwise; the message goes on below, with all its alerts."""
    fake = FakeDiscord()
    refuse_old_edits(fake)
    async with chain(rule(repeat_interval="1h", window="10m"), fake=fake) as made:
        await made.go(3 * HOUR_S, lambda _: {"a": 500.0, "b": 5.0}, STEP_S)
        await made.go(2 * STEP_S, lambda _: {"a": 500.0, "b": 500.0}, STEP_S)
        assert titles(fake)[1:] == ["🟠 QueueTooDeep: 2 firing"]
        await made.go(3 * HOUR_S, lambda _: {"a": 500.0, "b": 500.0}, STEP_S)
        fake.faults.clear()
        await made.go(2 * HOUR_S, lambda _: {"a": 500.0, "b": 500.0}, STEP_S)
        assert titles(fake) == ["⚪ QueueTooDeep: went on", "🟠 QueueTooDeep: 2 firing"]
        assert colors(fake) == [GREY, AMBER]


def refuse_old_edits(fake: FakeDiscord) -> list[float]:
    """Take no edit of a message that is older than an hour; return when such edits came."""
    refused: list[float] = []

    def is_old(request: FakeRequest) -> bool:
        if request.method != "PATCH":
            return False
        message_id = request.path.partition("?")[0].rsplit("/", 1)[1]
        meets = any(each.id == message_id and fake.now() - each.arrived_at_s > HOUR_S for each in fake.messages)
        if meets:
            refused.append(fake.now())
        return meets

    fake.faults.add(Fault(Answer(400, {"code": 30046, "message": "edits"}), match=is_old, times=math.inf))
    return refused
