"""The connector with a sink after it: what is slow, when it is told, and what its record says."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component import ACCEPTED, ComponentError, Outlets, PermanentError, RetryableError
from otel_discord.connectors.slow_spans.config import SlowSpansConfig
from otel_discord.connectors.slow_spans.connector import SlowSpansConnector
from otel_discord.connectors.slow_spans.factory import FACTORY
from otel_discord.exporters.discord.folding.problem import ProblemFinder
from otel_discord.signals import LogsBatch, Signal, attributes_to_dict
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import START_NS
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings
from tests.connectors.slow_spans.spans import CHECKOUT, CLIENT, MS, SERVER, S, batch, span_id, trace_id

pytestmark = pytest.mark.looptime
LIMITS = {"limits": [{"where": "span.kind == SPAN_KIND_SERVER", "over": "2s"}], "learned": {"enabled": False}}
LEARNED = {"learned": {"min_spans": 20}}


def make(sink: Sink | None, telemetry: InMemoryTelemetry | None = None, **keys: Any) -> SlowSpansConnector:
    outlets: dict[Signal, Any] = {} if sink is None else {Signal.LOGS: sink}
    made = FACTORY.create(settings("slow_spans", telemetry), SlowSpansConfig.model_validate(keys), Outlets(outlets))
    assert isinstance(made, SlowSpansConnector)
    return made


@asynccontextmanager
async def running(
    sink: Sink, host: NopHost | None = None, drain_s: float = 5.0, **keys: Any
) -> AsyncIterator[SlowSpansConnector]:
    host = host or NopHost()
    connector = make(sink, **keys)
    async with connector.lifespan(host):
        yield connector
        host.drain_deadline_s = asyncio.get_running_loop().time() + drain_s


async def learn(connector: SlowSpansConnector, count: int = 50, ms: float = 140, name: str = "GET /checkout") -> None:
    for number in range(count):
        await connector.consume(batch(S(1, 0, name, 0, ms, SERVER), trace=10_000 + number))


async def test_a_slow_trace_is_told_once_with_the_path_to_the_culprit() -> None:
    sink = Sink()
    async with running(sink, **LIMITS) as connector:
        for service in ("payments", "shop", "web"):  # each sends its own, the innermost first
            sent = batch(*(span for span in CHECKOUT if span.service == service))
            before = sent.request.SerializeToString()
            assert await connector.consume(sent) == ACCEPTED
            assert sent.request.SerializeToString() == before
            await asyncio.sleep(1)
        await asyncio.sleep(2.5)
        (body,) = sink.bodies
        assert str(body).splitlines() == [
            "GET / took 3.2 s (limit 2 s)",
            "mostly GET /checkout (shop) › charge card › POST /charges (payments): 2.8 s, 87 %",
            "in GET /checkout: 92 % charge card · 4 % SELECT cart · 4 % itself",
        ]
    assert sink.item_count == 1


async def test_what_its_record_has() -> None:
    sink = Sink()
    spans = [span for span in CHECKOUT if span.service != "web"]
    spans[0] = spans[0]._replace(attributes={"http.request.method": "GET", "http.route": "/checkout"})
    async with running(sink, **LIMITS) as connector:
        await connector.consume(batch(*spans))
        await asyncio.sleep(6)
    (group,) = [each for one in sink.batches if isinstance(one, LogsBatch) for each in one.request.resource_logs]
    (scope,) = group.scope_logs
    (record,) = scope.log_records
    assert attributes_to_dict(group.resource.attributes) == {"service.name": "shop"}
    assert (group.schema_url, scope.scope.name) == ("https://resource.example", "testing")
    assert (record.trace_id, record.span_id) == (trace_id(1), span_id(3))
    assert (record.severity_number, record.severity_text) == (13, "WARN")
    assert record.event_name == "slow: GET /checkout"
    assert record.time_unix_nano == START_NS + 3220 * MS
    assert record.body.string_value.splitlines()[-1] == "path: … › GET /checkout (shop)"
    found = attributes_to_dict(record.attributes)
    assert found.pop("span.self_share") == pytest.approx(0.04375)
    assert found.pop("span.culprit.share") == pytest.approx(2820 / 3200)
    assert found == {
        "http.request.method": "GET",
        "http.route": "/checkout",
        "span.name": "GET /checkout",
        "span.kind": "SPAN_KIND_SERVER",
        "span.duration_ms": 3200.0,
        "span.limit_ms": 2000.0,
        "span.path": [
            "GET /checkout (shop)",
            "charge card (shop)",
            "POST /charges (shop)",
            "POST /charges (payments)",
        ],
        "span.culprit.name": "POST /charges",
        "span.culprit.service": "payments",
        "span.culprit.span_id": "0000000000000007",
        "span.culprit.duration_ms": 2820.0,
    }


async def test_what_is_usual_is_learned() -> None:
    sink = Sink()
    async with running(sink, **LEARNED) as connector:
        await connector.consume(batch(S(1, 0, "GET /checkout", 0, 9000, SERVER), trace=1))
        await learn(connector)
        await connector.consume(batch(S(1, 0, "GET /checkout", 0, 270, SERVER), trace=2))
        await connector.consume(batch(S(1, 0, "GET /other", 0, 3200, SERVER), trace=3))
        await asyncio.sleep(6)
        assert sink.item_count == 0
        await learn(connector, 300)
        await connector.consume(batch(S(1, 0, "GET /checkout", 0, 3200, SERVER), trace=4))
        await asyncio.sleep(6)
    (body,) = sink.bodies
    title, comparison = str(body).splitlines()
    assert title.startswith("GET /checkout took 3.2 s (usually 1")
    assert comparison.startswith(("23 times its usual 1", "22 times its usual 1"))
    assert comparison.endswith("ms (p99 of 352 spans)")
    found = attributes_to_dict(sink.log_records[0].attributes)
    assert found["span.usual_ms"] == pytest.approx(140, rel=0.021)
    assert found["span.limit_ms"] == pytest.approx(280, rel=0.021)
    assert (found["span.usual_percentile"], found["span.usual_spans"]) == (99.0, 352)


async def test_below_the_floor_nothing_is_slow() -> None:
    sink = Sink()
    async with running(sink, **LEARNED) as connector:
        await learn(connector, ms=2)
        await connector.consume(batch(S(1, 0, "GET /checkout", 0, 99, SERVER)))
        await asyncio.sleep(6)
    assert sink.item_count == 0


@pytest.mark.parametrize(
    ("keys", "span", "expected"),
    [
        ({}, S(1, 0, "a", 0, 2000, SERVER), None),
        ({}, S(1, 0, "a", 0, 2001, SERVER), 13),
        ({}, S(1, 0, "a", 0, 9000, CLIENT), None),
        ({"where": 'span.name != "a"'}, S(1, 0, "a", 0, 9000, SERVER), None),
        ({"severity": "ERROR"}, S(1, 0, "a", 0, 9000, SERVER), 17),
        ({"escalate": [{"times": 4, "severity": "ERROR"}, {"times": 9, "severity": "FATAL"}]},
         S(1, 0, "a", 0, 9000, SERVER), 17),
        ({"escalate": [{"times": 4, "severity": "ERROR"}]}, S(1, 0, "a", 0, 7000, SERVER), 13),
        ({"limits": [{"where": 'span.name == "a"', "over": "10s"}, {"over": "1s"}]}, S(1, 0, "a", 0, 9000), None),
        ({"limits": [{"where": 'span.name == "b"', "over": "10s"}, {"over": "1s", "severity": "INFO"}]},
         S(1, 0, "a", 0, 9000), 9),
        ({"limits": [{"where": 'resource.attributes["service.name"] == "shop"', "over": "1s"}]},
         S(1, 0, "a", 0, 1500), 13),
        ({}, S(1, 0, "a", 9000, 0, SERVER), None),
    ],
)  # fmt: skip
async def test_which_limit_decides(keys: dict[str, Any], span: S, expected: int | None) -> None:
    sink = Sink()
    async with running(sink, **{**LIMITS, **keys}) as connector:
        await connector.consume(batch(span))
        await asyncio.sleep(6)
    assert [record.severity_number for record in sink.log_records] == ([] if expected is None else [expected])


async def test_a_span_that_comes_again_or_late_is_not_told_again() -> None:
    sink = Sink()
    late = [span for span in CHECKOUT if span.service == "web"]
    async with running(sink, **LIMITS) as connector:
        await connector.consume(batch(*(span for span in CHECKOUT if span.service != "web")))
        await asyncio.sleep(6)
        assert sink.item_count == 1
        await connector.consume(batch(*CHECKOUT))
        await connector.consume(batch(*late))
        await asyncio.sleep(30)
    assert sink.item_count == 1


async def test_a_slow_parent_that_comes_later_is_told_if_what_was_told_is_not_its_reason() -> None:
    sink = Sink()
    first, second = (S(each, 1, f"GET /{each}", each * 3000, each * 3000 + 2500, SERVER) for each in (2, 3))
    async with running(sink, **LIMITS) as connector:
        await connector.consume(batch(first))
        await asyncio.sleep(6)
        await connector.consume(batch(second, S(1, 0, "GET /report", 0, 59_000, SERVER)))
        await asyncio.sleep(6)
        assert [str(body).splitlines()[0] for body in sink.bodies] == [
            "GET /2 took 2.5 s (limit 2 s)",
            "GET /report took 59 s (limit 2 s)",
        ]
        await connector.consume(batch(S(4, 1, "GET /2", 20_000, 25_000, SERVER)))
        await asyncio.sleep(6)
    assert sink.item_count == 2


async def test_two_causes_in_one_trace_are_two_records() -> None:
    sink = Sink()
    spans = [S(1, 9, "GET /a", 0, 3000, SERVER), S(2, 9, "GET /b", 3000, 7000, SERVER)]
    async with running(sink, **LIMITS) as connector:
        await connector.consume(batch(*spans))
        await asyncio.sleep(6)
    assert [str(body).splitlines()[0] for body in sink.bodies] == [
        "GET /b took 4 s (limit 2 s)",
        "GET /a took 3 s (limit 2 s)",
    ]


async def test_a_span_without_a_trace_is_told_alone_and_at_once() -> None:
    sink = Sink()
    async with running(sink, **LIMITS) as connector:
        await connector.consume(batch(S(1, 0, "GET /", 0, 3000, SERVER), trace=0))
        await asyncio.sleep(0.1)
        assert sink.bodies == ["GET / took 3 s (limit 2 s)"]


async def test_in_discord_each_operation_is_a_problem_of_its_own_that_counts() -> None:
    sink = Sink()
    async with running(sink, **LIMITS) as connector:
        for trace, (name, ms) in enumerate([("GET /a", 3000), ("GET /b", 3000), ("GET /a", 63_000)], 1):
            await connector.consume(batch(S(1, 0, name, 0, ms, SERVER), trace=trace))
    finder = ProblemFinder()
    first, other, again = [
        finder.find("shop", record, 13, is_critical=False).fingerprint for record in sink.log_records
    ]
    assert first == again != other


async def test_at_the_end_what_waits_is_told_and_then_it_is_closed() -> None:
    sink = Sink()
    async with running(sink, **LIMITS) as connector:
        await connector.consume(batch(*CHECKOUT))
    assert sink.item_count == 1
    with pytest.raises(ComponentError):
        await connector.consume(batch(*CHECKOUT))


async def test_no_room_means_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()
    with caplog.at_level(logging.INFO):
        async with running(sink, **LIMITS, max_traces=2) as connector:
            for trace in range(1, 6):
                await connector.consume(batch(S(1, 0, "GET /", 0, 3000, SERVER), trace=trace))
            await asyncio.sleep(0.1)
            assert sink.item_count == 3
    assert sink.item_count == 5
    assert "3 traces were let go early" in caplog.text


async def test_a_refusal_is_tried_again_and_nothing_is_lost() -> None:
    sink = Sink()
    sink.answer_next(RetryableError("busy"), RetryableError("busy", retry_after_s=3))
    async with running(sink, **LIMITS) as connector:
        await connector.consume(batch(*CHECKOUT))
        await asyncio.sleep(5.1)
        assert (sink.offered, sink.item_count) == (1, 0)
        await connector.consume(batch(S(1, 0, "GET /", 0, 3000, SERVER), trace=2))
        await asyncio.sleep(20)
        assert sink.item_count == 2


async def test_what_nobody_takes_is_said_to_be_lost(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()
    sink.answer_next(PermanentError("never"))
    async with running(sink, **LIMITS) as connector:
        await connector.consume(batch(*CHECKOUT))
        await asyncio.sleep(6)
    assert "1 slow spans are lost: never" in caplog.text
    async with running(Sink(always=RetryableError("busy")), **LIMITS) as connector:
        await connector.consume(batch(*CHECKOUT))
    assert "nobody took them in time" in caplog.text


async def test_it_counts_what_it_does() -> None:
    telemetry, sink = InMemoryTelemetry(), Sink()
    sink.answer_next(PermanentError("never"))
    keys = {**LIMITS, "learned": {"max_operations": 2}, "max_traces": 2, "max_spans_per_trace": 8}
    connector = make(sink, telemetry, **keys)
    async with connector.lifespan(NopHost()):
        await connector.consume(batch(S(1, 0, "GET /", 0, 3000, SERVER), trace=1))
        await asyncio.sleep(6)
        await connector.consume(batch(S(1, 0, "GET /", 0, 3000, SERVER), trace=2))
        await connector.consume(batch(*(S(each, 0, f"s{each % 5}", 0, each) for each in range(1, 10)), trace=3))
        await asyncio.sleep(6)
    counts = {
        label: telemetry.value(f"otel_discord_slow_spans_{name}", connector="slow_spans", **{key: label})
        for name, key, labels in [
            ("total", "outcome", ["told", "lost"]),
            ("let_go_total", "what", ["trace", "span", "operation"]),
        ]
        for label in labels
    }
    assert counts == {"told": 1, "lost": 1, "trace": 1, "span": 2, "operation": 8}


async def test_what_was_learned_stays_over_a_reload() -> None:
    sink, host = Sink(), NopHost()
    async with running(sink, host, **LEARNED) as connector:
        await learn(connector)
    host.drain_deadline_s = None
    async with running(sink, host, learned={"min_spans": 30, "factor": 3}) as connector:
        await connector.consume(batch(S(1, 0, "GET /checkout", 0, 3200, SERVER)))
        await asyncio.sleep(6)
    assert sink.item_count == 1


async def test_a_condition_that_fails_does_not_hold_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    keys = {"limits": [{"where": 'Int(attributes["x"]) > 1 and Substring(name, 90, 1) == "x"', "over": "1s"}]}
    sink = Sink()
    async with running(sink, **keys) as connector:
        for trace in (1, 2):
            await connector.consume(batch(S(1, 0, "GET /", 0, 3000, attributes={"x": 5}), trace=trace))
    assert caplog.text.count("it does not hold") == 1
    assert "2 times" in caplog.text


async def test_nobody_to_tell_is_no_error() -> None:
    assert await make(None).consume(batch(*CHECKOUT)) == ACCEPTED


async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make(Sink()))
