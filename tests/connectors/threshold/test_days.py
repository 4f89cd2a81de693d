"""Simulated days at the connector's own pace, its promises as a component, and what it shows of itself."""

import asyncio
import math

import pytest

from otel_discord.component import Outlets
from otel_discord.component.instrument_list import INSTRUMENTS
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.connector import ThresholdConnector
from otel_discord.connectors.threshold.factory import FACTORY
from otel_discord.signals import Signal
from otel_discord.testing.component_contract import check_component, check_failed_start
from otel_discord.testing.host import NopHost
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.connectors.threshold.world import BEGIN_NS, S, events_of, gauge, rule, world

DAY_S = 86_400


@pytest.mark.looptime
async def test_three_days_with_one_peak_a_day() -> None:
    """A sine with the period of a day, and noise that flaps around the line faster than ``for``."""
    loop = asyncio.get_running_loop()
    begin_s = loop.time()
    telemetry, sink = InMemoryTelemetry(), Sink()
    keys = rule(conditions={"warning": "> 100", "critical": "> 190"}, resolve="< 80", repeat_interval="1h", window="5m")
    config = ThresholdConfig.model_validate({"rules": [keys | {"for": "10m"}], "evaluation_interval": "1m"})

    def now_ns() -> int:
        return BEGIN_NS + round((loop.time() - begin_s) * S)

    connector = ThresholdConnector(settings("threshold", telemetry), config, Outlets({Signal.LOGS: sink}), now_ns)
    async with connector.lifespan(NopHost()):
        for minute in range(3 * 1440):
            value = 100 - 100 * math.cos(minute / 1440 * 2 * math.pi) + (15 if minute % 4 < 2 else -15)
            await connector.consume(gauge("queue.depth", value, now_ns()))
            await asyncio.sleep(60)
    events = events_of(sink)
    states = [str(event.state) for event in events]
    assert states.count("firing") == states.count("resolved") == 3
    assert {event.started_ns for event in events} == {event.started_ns for event in events if event.state == "firing"}
    for firing, resolved in zip(
        [e for e in events if e.state == "firing"], [e for e in events if e.state == "resolved"], strict=True
    ):
        assert 11 < (resolved.ended_ns - firing.started_ns) / S / 3600 < 14
        assert resolved.peak is not None
        assert 200 < resolved.peak < 216
    assert 30 < states.count("updated") < 60
    assert telemetry.value("otel_discord_threshold_evaluations_total") >= 3 * 1440 - 1
    assert telemetry.value("otel_discord_threshold_evaluation_lag_seconds") >= 3 * 1440 - 1


@pytest.mark.looptime
async def test_a_slow_exporter_delays_evaluations_and_does_not_pile_them_up() -> None:
    loop = asyncio.get_running_loop()
    begin_s = loop.time()
    sink = Sink()
    config = ThresholdConfig.model_validate({"rules": [rule()], "evaluation_interval": "1s"})

    def now_ns() -> int:
        return BEGIN_NS + round((loop.time() - begin_s) * S)

    connector = ThresholdConnector(settings("threshold"), config, Outlets({Signal.LOGS: sink}), now_ns)
    async with connector.lifespan(NopHost()):
        sink.block()
        await connector.consume(gauge("queue.depth", 500, now_ns()))
        await asyncio.sleep(20)
        sink.unblock()
        await connector.consume(gauge("queue.depth", 5, now_ns()))
        await asyncio.sleep(2)
    assert [str(event.state) for event in events_of(sink)] == ["firing", "resolved"]


@pytest.mark.looptime
async def test_an_exporter_that_hangs_does_not_keep_it_from_ending() -> None:
    loop = asyncio.get_running_loop()
    sink, host = Sink(), NopHost()
    sink.block()
    config = ThresholdConfig.model_validate({"rules": [rule()]})
    connector = ThresholdConnector(settings("threshold"), config, Outlets({Signal.LOGS: sink}), lambda: BEGIN_NS)
    async with connector.lifespan(host):
        await connector.consume(gauge("queue.depth", 500, BEGIN_NS))
        await asyncio.sleep(5)
        host.drain_deadline_s = loop.time() + 3
    assert loop.time() <= host.drain_deadline_s + 0.1
    assert sink.offered >= 1


def make(**keys: object) -> ThresholdConnector:
    config = ThresholdConfig.model_validate({"rules": [rule()]} | keys)
    made = FACTORY.create(settings("threshold"), config, Outlets({Signal.LOGS: Sink()}))
    assert isinstance(made, ThresholdConnector)
    return made


async def test_it_is_a_component() -> None:
    await check_component(make)


async def test_it_says_which_storage_is_missing() -> None:
    assert "nowhere" in await check_failed_start(lambda: make(storage="nowhere"))


async def test_a_reload_goes_on_without_storage() -> None:
    host, now_ns = NopHost(), BEGIN_NS
    config = ThresholdConfig.model_validate({"rules": [rule()], "evaluation_interval": "1000h"})
    sink = Sink()
    for second in (0, 10):
        now_ns = BEGIN_NS + second * S
        outlets = Outlets({Signal.LOGS: sink})
        connector = ThresholdConnector(settings("threshold"), config, outlets, lambda: now_ns)  # noqa: B023
        async with connector.lifespan(host):
            await connector.consume(gauge("queue.depth", 500, now_ns))
            await connector.evaluate()
            host.hands_over = True
    assert [str(event.state) for event in events_of(sink)] == ["firing"]


async def test_a_template_that_fails_is_told_once_and_replaced(caplog: pytest.LogCaptureFixture) -> None:
    texts = {"summary": "{{ 1 / (number - 500) }}", "note": "{{ value }} of {{ name }}"}
    config = ThresholdConfig.model_validate({"rules": [rule(annotations=texts)], "evaluation_interval": "1000h"})
    sink = Sink()
    connector = ThresholdConnector(settings("threshold"), config, Outlets({Signal.LOGS: sink}), lambda: BEGIN_NS)
    async with connector.lifespan(NopHost()):
        for service in ("a", "b"):
            await connector.consume(gauge("queue.depth", 500, BEGIN_NS, resource={"service.name": service}))
        await connector.evaluate()
    assert sorted(event.summary for event in events_of(sink)) == [
        "QueueTooDeep: queue.depth is 500 (> 100), a",
        "QueueTooDeep: queue.depth is 500 (> 100), b",
    ]
    assert len([r for r in caplog.records if "annotation summary of rule QueueTooDeep" in r.getMessage()]) == 1
    notes = [p.value.string_value for r in sink.log_records for p in r.attributes if p.key == "alert.annotation.note"]
    assert notes == ["500 of QueueTooDeep"] * 2


async def test_all_its_metrics_are_recorded_with_their_labels() -> None:
    async with world(rule(window="10s")) as w:
        await w.at(0, 500)
        await w.put(500)
        w.connector._numbers.evaluated(0.5)
        names = {name for name in INSTRUMENTS if "_threshold_" in name}
        for name in names:
            points = w.telemetry.points(name)
            assert points, name
            assert {tuple(p.attributes) for p in points} <= {INSTRUMENTS[name].labels}
        assert w.telemetry.value("otel_discord_threshold_points_total", what="duplicate") == 1
