"""What falls silent is told once, and its end as well."""

import asyncio
from typing import Any

import pytest

from otel_discord.component import PermanentError, RetryableError, ShutdownError
from otel_discord.connectors.heartbeat.factory import FACTORY
from otel_discord.signals import LogsBatch, Signal
from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.sinks import Sink
from tests.connectors.heartbeat.world import BEGIN_NS, S, batch_of, world

pytestmark = pytest.mark.looptime


def watch(**keys: Any) -> dict[str, Any]:
    return {"watch": [keys]}


async def test_a_service_that_falls_silent_and_sends_again() -> None:
    async with world() as w:
        await w.go(10.5)
        await w.send("shop")
        await w.go(300)
        assert w.told == []
        await w.go(312)
        (firing,) = w.events
        await w.go(900.5)
        await w.send("shop", Signal.METRICS)
        await w.go(905)
    _, resolved = w.events
    assert (firing.name, firing.state, firing.severity) == ("TelemetryStopped", AlertState.FIRING, "critical")
    assert firing.summary == "shop has sent nothing for 5 minutes"
    assert firing.labels == {"service.name": "shop"}
    assert firing.started_ns == BEGIN_NS + round(10.5 * S)
    assert (firing.threshold, firing.unit) == ("> 5m", "s")
    assert firing.value == pytest.approx(300, abs=1.1)
    assert resolved.summary == "shop sends again, after 14 minutes 50 seconds of silence"
    assert (resolved.state, resolved.resolution) == (AlertState.RESOLVED, "recovered")
    assert (resolved.started_ns, resolved.ended_ns) == (firing.started_ns, BEGIN_NS + round(900.5 * S))
    assert resolved.fingerprint == firing.fingerprint


@pytest.mark.parametrize("period_s", [1, 60, 299])
async def test_who_sends_often_enough_is_not_told(period_s: float) -> None:
    async with world() as w:
        for number in range(20):
            await w.go(number * period_s)
            await w.send("shop")
    assert w.events == []


async def test_each_group_has_its_own_alert() -> None:
    async with world(watch(group_by=["service.name", "deployment.environment.name"], after="1m")) as w:
        for second in range(0, 180, 10):
            await w.go(second)
            await w.send("shop", **{"deployment.environment.name": "prod"})
            if second < 60:
                await w.send("shop", **{"deployment.environment.name": "test"})
                await w.send("cart")  # without an environment it is in no group
    (event,) = w.events
    assert event.labels == {"service.name": "shop", "deployment.environment.name": "test"}
    assert event.summary == "shop (test) has sent nothing for 1 minute"


async def test_everything_as_one_group() -> None:
    async with world(watch(group_by=[], after="1m", expect=[{}])) as w:
        await w.go(62)
        await w.send("shop")
        await w.go(64)
    assert [event.summary for event in w.events] == [
        "Nothing has come since the start, 1 minute ago",
        "Telemetry comes again, after 1 minute 2 seconds of silence",
    ]


async def test_only_what_is_watched_counts() -> None:
    config = watch(
        where='resource.attributes["deployment.environment.name"] == "prod"', after="1m", signals=["metrics"]
    )
    prod = {"deployment.environment.name": "prod"}
    async with world(config) as w:
        await w.send("test", Signal.METRICS)
        await w.send("shop", Signal.METRICS, **prod)
        for second in range(0, 120, 10):
            await w.go(second)
            await w.send("shop", Signal.TRACES, **prod)
    assert [event.summary for event in w.events] == ["shop has sent no metrics for 1 minute"]


async def test_nothing_in_a_batch_is_no_sign_of_life() -> None:
    async with world(watch(after="1m")) as w:
        await w.connector.consume(batch_of("shop", count=0))
        await w.go(120)
    assert w.events == []


async def test_alerts_about_a_service_do_not_come_from_it() -> None:
    batch = logs_batch(1, resource={"service.name": "shop"})
    event = AlertEvent(name="Slow", state=AlertState.FIRING, at_ns=1)
    batch.request.resource_logs[0].scope_logs[0].log_records[0].CopyFrom(event.to_record())
    async with world(watch(after="1m")) as w:
        await w.send("shop")
        for second in range(0, 100, 5):
            await w.go(second)
            await w.connector.consume(LogsBatch(batch.request))
    assert w.told == ["firing shop"]


async def test_what_is_expected_must_send_from_the_start_on() -> None:
    async with world(watch(after="1m", expect=[{"service.name": "shop"}, {"service.name": "cart"}])) as w:
        await w.go(30)
        await w.send("cart")
        await w.go(62)
        assert [event.summary for event in w.events] == ["shop has sent nothing since the start, 1 minute ago"]
        assert w.events[0].started_ns == BEGIN_NS
        await w.go(92)
    assert w.told == ["firing shop", "firing cart"]


async def test_resolve_after_asks_for_more_than_one_sign() -> None:
    async with world(watch(after="1m", resolve_after="30s")) as w:
        await w.send("shop")
        await w.go(100)
        await w.send("shop")  # and no more
        await w.go(200)
        assert w.told == ["firing shop"]
        for second in range(200, 241, 10):
            await w.go(second)
            assert w.told == ["firing shop"] if second <= 230 else ["firing shop", "resolved shop"]
            await w.send("shop")
    assert w.events[-1].ended_ns == BEGIN_NS + 200 * S


async def test_an_alert_that_goes_on_says_so() -> None:
    async with world(watch(after="1m", repeat_interval="10m")) as w:
        await w.send("shop")
        await w.go(1300)
    assert [event.summary for event in w.events] == [
        "shop has sent nothing for 1 minute",
        "shop has sent nothing for 11 minutes",
        "shop has sent nothing for 21 minutes",
    ]
    assert len({event.fingerprint for event in w.events}) == 1


async def test_who_is_gone_for_good_is_forgotten() -> None:
    config = watch(after="1m", forget_after="1h", repeat_interval="0s", expect=[{"service.name": "cart"}])
    async with world(config) as w:
        await w.send("shop")
        await w.go(3700)
    assert sorted(w.told) == ["firing cart", "firing shop", "resolved shop"]
    assert w.events[-1].resolution == "forgotten"
    assert w.events[-1].summary == "shop is not waited for any more, after 1 hour of silence"


async def test_groups_are_bounded() -> None:
    config = {"max_groups": 3, **watch(after="1m", expect=[{"service.name": "expected"}])}
    async with world(config) as w:
        for number in range(3):
            await w.send(f"service-{number}")
        await w.go(62)
        await w.send("service-3")
        await w.go(64)
        await w.send("service-4")
        await w.go(66)
    assert sorted(w.told[:4]) == [*(f"firing {name}" for name in ("expected", "service-0", "service-1", "service-2"))]
    assert w.told[4:] == ["resolved service-0", "resolved service-1"]
    assert {event.resolution for event in w.events[4:]} == {"evicted"}
    numbers = w.telemetry.points("otel_discord_heartbeat_groups_let_go_total")
    assert {point.attributes["cause"]: point.value for point in numbers} == {"forgotten": 0, "evicted": 2}


async def test_an_alert_waits_until_it_is_taken() -> None:
    sink = Sink()
    sink.answer_next(*[RetryableError("busy")] * 30)
    async with world(watch(after="1m", expect=[{"service.name": "shop"}]), sink=sink) as w:
        await w.go(100)
    assert w.told == ["firing shop"]
    assert [event.status for event in w.host.events] == ["StatusRecoverableError", "StatusOK"]


async def test_an_alert_that_is_refused_for_good_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()
    sink.answer_next(PermanentError("no"))
    async with world(watch(after="1m", expect=[{"service.name": "shop"}]), sink=sink) as w:
        await w.go(100)
        await w.send("shop")
        await w.go(102)
    assert w.told == ["resolved shop"]
    assert "refused for good" in caplog.text


async def test_time_in_which_nobody_listened_is_no_silence() -> None:
    async with world(watch(after="1m")) as w:
        await w.send("shop")
        await w.go(30)
        w.connector._listener.listening.tick_s -= 3600  # as if the process had been stopped for an hour
        await w.go(50)
        assert w.events == []
        await w.go(62)
    assert w.told == ["firing shop"]


async def test_a_closed_connector_takes_nothing() -> None:
    async with world() as w:
        pass
    with pytest.raises(ShutdownError):
        await w.send("shop")


async def test_a_reload_does_not_begin_to_wait_anew() -> None:
    host, sink = NopHost(), Sink()
    async with world(watch(after="1m"), host=host, sink=sink) as w:
        await w.send("shop")
        await w.go(40)
        host.hands_over = True
    host.hands_over = False
    async with world(watch(after="1m"), host=host, sink=sink, first_s=40) as w:
        await w.go(58)
        assert w.told == []
        await w.go(62)
        assert w.told == ["firing shop"]
    assert w.events[0].started_ns == BEGIN_NS


async def test_no_telemetry_is_lost_while_a_large_batch_is_looked_through() -> None:
    async with world(watch(after="1m")) as w:
        await asyncio.gather(w.send("shop", count=5000), w.send("cart"))
        await w.go(62)
    assert sorted(w.told) == ["firing cart", "firing shop"]


def test_the_factory() -> None:
    assert FACTORY.type_name == "heartbeat"
    assert set(FACTORY.signals) == {(signal, Signal.LOGS) for signal in Signal}
