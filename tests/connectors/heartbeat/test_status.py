"""The status says what has been seen."""

import pytest

from otel_discord.component import RetryableError
from otel_discord.connectors.heartbeat.wording import rate, spoken
from otel_discord.signals import LogsBatch, Severity, Signal, attributes_to_dict, to_plain
from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.sinks import Sink
from tests.connectors.heartbeat.world import BEGIN_NS, S, World, world


def alert(name: str, state: AlertState, started_s: float = 0, **labels: str) -> LogsBatch:
    batch = logs_batch(1, resource={"service.name": "worker"})
    event = AlertEvent(name=name, state=state, started_ns=BEGIN_NS + round(started_s * S), labels=labels)
    batch.request.resource_logs[0].scope_logs[0].log_records[0].CopyFrom(event.to_record())
    return batch


def statuses(w: World) -> list[str]:
    return [
        str(to_plain(record.body))
        for batch in w.sink.batches
        if isinstance(batch, LogsBatch)
        for _, _, record in batch.records()
        if record.event_name == "heartbeat.status"
    ]


@pytest.mark.looptime
async def test_what_a_status_says() -> None:
    config = {"status": {"interval": "10m"}, "watch": [{"after": "2m", "expect": [{"service.name": "billing"}]}]}
    async with world(config) as w:
        for second in range(0, 600, 60):
            await w.go(second)
            await w.send("shop", Signal.LOGS, 100)
            await w.send("shop", Signal.METRICS, 30)
            await w.send("shop", Signal.TRACES, 400)
            if second % 300 == 0:
                await w.send("cart")
        await w.connector.consume(alert("QueueTooDeep", AlertState.FIRING, 240, **{"service.name": "worker"}))
        await w.connector.consume(alert("Gone", AlertState.FIRING))
        await w.connector.consume(alert("Gone", AlertState.RESOLVED))
        await w.go(601)
        (text,) = statuses(w)
        batch = w.sink.batches[-1]
        await w.go(1205)
        assert statuses(w)[1].startswith("0 services, 3 silent, 1 alert firing\n")
    assert text.splitlines() == [
        "2 services, 2 silent, 1 alert firing",
        "shop: 100 logs, 30 points, 400 spans a minute",
        "cart: 0.2 logs a minute",
        "billing: silent for 10 minutes",
        "cart: silent for 5 minutes",
        "QueueTooDeep of worker: warning for 6 minutes",
    ]
    assert isinstance(batch, LogsBatch)
    ((resource, scope, record),) = batch.records()
    assert (record.severity_number, record.time_unix_nano) == (Severity.INFO, BEGIN_NS + 600 * S)
    assert (len(resource.attributes), scope.name) == (0, "otel_discord.connectors.heartbeat")
    facts = attributes_to_dict(record.attributes)
    assert len(str(facts.pop("heartbeat.fingerprint"))) == 16
    assert facts == {
        "heartbeat.interval_s": 600,
        "heartbeat.services": 2,
        "heartbeat.silent": 2,
        "heartbeat.alerts_firing": 1,
        "heartbeat.worst_severity": 21,
        "heartbeat.logs_per_minute": 100.2,
        "heartbeat.points_per_minute": 30,
        "heartbeat.spans_per_minute": 400,
    }


@pytest.mark.looptime
async def test_many_services_take_few_lines() -> None:
    config = {"status": {"interval": "1m", "max_services": 2}, "watch": [], "max_groups": 5}
    async with world(config) as w:
        for number in range(10):
            await w.send(f"service-{number}", count=10 - number)
        await w.go(61)
    assert statuses(w)[0].splitlines() == [
        "6 services, none silent, no alerts firing",
        "others: 15 logs a minute",
        "service-0: 10 logs a minute",
        "4 more: 30 logs a minute",
    ]


@pytest.mark.looptime
async def test_a_status_that_is_not_taken_is_told_later_with_all_its_counts() -> None:
    sink = Sink()
    sink.answer_next(*[RetryableError("busy")] * 60)
    async with world({"status": {"interval": "1m"}, "watch": []}, sink=sink) as w:
        await w.send("shop", count=120)
        await w.go(180)
    assert statuses(w)[0].splitlines()[1] == "shop: 60 logs a minute"
    assert w.events == []


@pytest.mark.looptime
async def test_the_fingerprint_stays() -> None:
    async with world({"status": {"interval": "1m"}}) as w:
        await w.go(125)
    first, second = (
        {attributes_to_dict(record.attributes)["heartbeat.fingerprint"] for _, _, record in batch.records()}
        for batch in w.sink.batches
        if isinstance(batch, LogsBatch)
    )
    assert first == second


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 seconds"), (0.5, "0.5 seconds"), (1, "1 second"), (60, "1 minute"), (90, "1 minute 30 seconds"),
        (300, "5 minutes"), (3600, "1 hour"), (3605, "1 hour"), (5400, "1 hour 30 minutes"), (86_400, "1 day"),
        (10_000_000, "115 days 17 hours"),
    ],
)  # fmt: skip
def test_durations_in_words(seconds: float, expected: str) -> None:
    assert spoken(seconds) == expected


@pytest.mark.parametrize(
    ("per_minute", "expected"), [(0.01, "under 0.1"), (0.25, "0.2"), (3, "3"), (9.96, "10"), (1240.4, "1,240")]
)
def test_rates_in_words(per_minute: float, expected: str) -> None:
    assert rate(per_minute) == expected
