"""Failures of spans as log records: what they have, and that each is told once."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import ValidationError

from otel_discord.component import ACCEPTED, Kind, Outlets, PermanentError, Receipt, RetryableError
from otel_discord.config.model_errors import explain
from otel_discord.connectors.exceptions.config import ExceptionsConfig
from otel_discord.connectors.exceptions.connector import ExceptionsConnector
from otel_discord.connectors.exceptions.factory import FACTORY
from otel_discord.connectors.exceptions.failures import failures
from otel_discord.connectors.exceptions.told import Told
from otel_discord.exporters.discord.folding.problem import ProblemFinder
from otel_discord.ottl import each_span
from otel_discord.service.config_file import load_configuration
from otel_discord.service.registry import Registry
from otel_discord.signals import LogsBatch, Signal, TracesBatch, attributes_to_dict
from otel_discord.testing.component_contract import check_cancelled, check_never_started, check_start_and_stop
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import START_NS, key_values, logs_batch
from otel_discord.testing.sinks import Sink
from otel_discord.testing.telemetry import InMemoryTelemetry, settings

ERROR, UNSET = 2, 0
CLIENT = 3
ASKED = {"server.address": "bank.example", "http.response.status_code": 503, "error.type": "503"}
BOOM = {"exception.type": "app.Boom", "exception.message": "no bread", "exception.stacktrace": "Traceback …"}


def make(sink: Sink | None, **keys: Any) -> ExceptionsConnector:
    outlets: dict[Signal, Any] = {} if sink is None else {Signal.LOGS: sink}
    made = FACTORY.create(settings("exceptions"), ExceptionsConfig.model_validate(keys), Outlets(outlets))
    assert isinstance(made, ExceptionsConnector)
    return made


def batch() -> TracesBatch:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add(schema_url="https://resource.example")
    group.resource.attributes.extend(key_values({"service.name": "shop", "host.name": "h1"}))
    scope = group.scope_spans.add(schema_url="https://scope.example")
    scope.scope.name = "web.framework"
    return TracesBatch(request)


def span(
    to: TracesBatch,
    number: int,
    parent: int = 0,
    *,
    events: Sequence[Mapping[str, Any]] = (),
    status: int = ERROR,
    message: str = "",
    attributes: Mapping[str, Any] | None = None,
    trace: int = 1,
    name: str = "",
    event_name: str = "exception",
    kind: int = 2,
) -> TracesBatch:
    added = (
        to.request.resource_spans[0]
        .scope_spans[0]
        .spans.add(
            trace_id=trace.to_bytes(16, "big"),
            span_id=number.to_bytes(8, "big"),
            parent_span_id=parent.to_bytes(8, "big") if parent else b"",
            name=name or f"op{number}",
            kind=kind,  # type: ignore[arg-type]  # an open enum
            start_time_unix_nano=START_NS,
            end_time_unix_nano=START_NS + 9,
            attributes=key_values(attributes or {}),
            flags=0x301,
        )
    )
    added.status.code = status
    added.status.message = message
    for event in events:
        added.events.add(name=event_name, time_unix_nano=START_NS + 5, attributes=key_values(event))
    return to


async def bodies(*batches: TracesBatch, **keys: Any) -> list[Any]:
    sink = Sink()
    connector = make(sink, **keys)
    for each in batches:
        assert await connector.consume(each) == ACCEPTED
    return list(sink.bodies)


async def test_an_exception_is_a_record_with_all_that_explains_it() -> None:
    sink = Sink()
    sent = span(
        batch(), 1, 7, events=[{**BOOM, "exception.escaped": True}], message="no bread", name="POST /checkout",
        attributes={"http.request.method": "POST", "http.route": "/checkout", "exception.type": "of the span"},
    )  # fmt: skip
    before = sent.request.SerializeToString()
    await make(sink).consume(sent)
    assert sent.request.SerializeToString() == before
    (one,) = sink.batches
    assert isinstance(one, LogsBatch)
    (group,) = one.request.resource_logs
    (scope,) = group.scope_logs
    (record,) = scope.log_records
    assert attributes_to_dict(group.resource.attributes) == {"service.name": "shop", "host.name": "h1"}
    assert (group.schema_url, scope.schema_url) == ("https://resource.example", "https://scope.example")
    assert scope.scope.name == "web.framework"
    assert (record.severity_number, record.severity_text) == (17, "ERROR")
    assert record.time_unix_nano == START_NS + 5
    assert record.observed_time_unix_nano > START_NS // 2
    assert (record.trace_id, record.span_id) == ((1).to_bytes(16, "big"), (1).to_bytes(8, "big"))
    assert record.flags == 1
    assert record.body.string_value == "POST /checkout failed"
    assert attributes_to_dict(record.attributes) == {
        **BOOM,
        "exception.escaped": True,
        "http.request.method": "POST",
        "http.route": "/checkout",
        "span.name": "POST /checkout",
        "span.kind": "SPAN_KIND_SERVER",
        "span.status_code": "STATUS_CODE_ERROR",
        "span.status_message": "no bread",
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"events": [BOOM]}, ["op1 failed"]),
        ({"events": [BOOM], "status": UNSET}, ["in op1"]),
        ({"events": [BOOM, BOOM, {**BOOM, "exception.message": "other"}]}, ["op1 failed"] * 2),
        ({"events": [{}]}, ["op1 failed"]),
        ({"events": [BOOM], "event_name": "retry", "status": UNSET}, []),
        ({"message": "out of stock"}, ["op1 failed: out of stock"]),
        ({"attributes": {"error.type": "timeout"}}, ["op1 failed: timeout"]),
        ({"attributes": {"http.response.status_code": 503}}, ["op1 failed: status 503"]),
        ({}, ["op1 failed"]),
        ({"name": "POST", "kind": CLIENT, "attributes": ASKED}, ["POST bank.example failed: status 503"]),
        ({"status": UNSET}, []),
        ({"status": 1}, []),
    ],
)
async def test_what_is_told_of_a_span(arguments: Mapping[str, Any], expected: list[str]) -> None:
    assert await bodies(span(batch(), 1, **arguments)) == expected


async def test_it_says_in_which_request_it_was() -> None:
    sent = span(span(batch(), 1, 2, events=[BOOM], kind=1), 2, 3, kind=1, status=UNSET)
    assert await bodies(span(sent, 3, name="POST /checkout", status=UNSET)) == ["op1 failed in POST /checkout"]
    sink = Sink()
    await make(sink).consume(sent)
    assert attributes_to_dict(sink.log_records[0].attributes)["span.request"] == "POST /checkout"
    of_another_trace = span(span(batch(), 1, 2, message="no", kind=1), 2, trace=2, status=UNSET)
    in_a_circle = span(span(of_another_trace, 5, 6, message="oh", kind=1), 6, 5, kind=1, status=UNSET)
    assert await bodies(in_a_circle) == ["op1 failed: no", "op5 failed: oh"]


async def test_in_discord_failures_of_different_operations_are_different_problems() -> None:
    sink = Sink()
    connector = make(sink)
    for trace, name in enumerate(["GET /a", "GET /b", "GET /a"], 1):
        await connector.consume(span(batch(), 1, name=name, trace=trace))
    finder = ProblemFinder()
    first, other, again = [
        finder.find("shop", record, 17, is_critical=False).fingerprint for record in sink.log_records
    ]
    assert first == again != other


async def test_without_error_spans_only_exceptions_are_told() -> None:
    sent = span(span(batch(), 1, events=[BOOM]), 2, message="bad", trace=2)
    assert await bodies(sent, error_spans=False) == ["op1 failed"]


# ------------------------------------------------------------------------------------------------------- each one once
def passed_up(trace: int = 1) -> list[TracesBatch]:
    """An exception that four spans hand up, the outermost of which say so in other ways."""
    python = {"events": [BOOM], "message": "Boom: no bread", "trace": trace}
    return [
        span(batch(), 1, 2, **python),
        span(batch(), 2, 3, **python),
        span(batch(), 3, 4, message="app.Boom: no bread", trace=trace),
        span(batch(), 4, 5, trace=trace),
        span(batch(), 5, 6, trace=trace),
    ]


async def test_an_exception_that_passes_through_spans_is_told_once() -> None:
    assert await bodies(*passed_up()) == ["op1 failed"]


async def test_it_counts_what_it_told_and_what_not() -> None:
    telemetry = InMemoryTelemetry()
    connector = FACTORY.create(
        settings("exceptions", telemetry), ExceptionsConfig.model_validate({}), Outlets({Signal.LOGS: Sink()})
    )
    for each in passed_up():
        await connector.consume(each)
    counts = [
        telemetry.value("otel_discord_exceptions_total", connector="exceptions", outcome=each)
        for each in ("told", "repeated")
    ]
    assert counts == [1, 4]


async def test_in_one_batch_the_order_of_failed_spans_does_not_matter() -> None:
    sent = batch()
    for each in reversed(passed_up()):
        sent.request.resource_spans[0].scope_spans[0].spans.extend(each.request.resource_spans[0].scope_spans[0].spans)
    assert len(await bodies(sent)) == 1


async def test_another_trace_tells_it_again() -> None:
    assert await bodies(*passed_up(1), *passed_up(2)) == ["op1 failed"] * 2


async def test_a_parent_that_says_something_else_is_told() -> None:
    first, second = span(batch(), 1, 2, events=[BOOM]), span(batch(), 2, 3, message="checkout gave up")
    assert await bodies(first, second) == ["op1 failed", "op2 failed: checkout gave up"]
    other = span(batch(), 2, 3, events=[{**BOOM, "exception.type": "Wrapped"}])
    assert await bodies(first, other) == ["op1 failed", "op2 failed"]


async def test_an_answer_of_500_is_told_by_the_exception_that_it_became() -> None:
    raised = span(span(batch(), 1, 2, attributes=ASKED, kind=CLIENT), 2, events=[BOOM])
    assert await bodies(raised) == ["op2 failed"]
    timed_out = span(span(batch(), 1, 2, attributes={"error.type": "timeout"}, kind=CLIENT), 2, events=[BOOM])
    assert await bodies(timed_out) == ["op2 failed", "op1 failed in op2: timeout"], "that says why"


async def test_a_response_that_is_sent_fails_with_its_request() -> None:
    """The ASGI instrumentation writes the status of both at once; only the request's span says what was asked for."""
    message = {"asgi.event.type": "http.response.start", "http.status_code": 500}
    sent = span(span(batch(), 1, 2, attributes=message, kind=1), 2, attributes={"http.status_code": 500})
    assert await bodies(sent) == ["op2 failed: status 500"]
    assert await bodies(span(batch(), 1, 2, attributes=message, events=[BOOM])) == ["op1 failed"]


async def test_failed_spans_side_by_side_are_told() -> None:
    assert await bodies(span(span(batch(), 1, 9), 2, 9)) == ["op1 failed", "op2 failed"]


async def test_without_a_trace_nothing_is_held_back() -> None:
    assert len(await bodies(*passed_up(0))) == 5


async def test_a_window_of_nothing_tells_each_span() -> None:
    assert len(await bodies(*passed_up(), deduplication={"window": "0s"})) == 5


@pytest.mark.looptime
async def test_after_the_window_it_is_told_again() -> None:
    sink = Sink()
    connector = make(sink, deduplication={"window": "10s"})
    for pause, expected in ((0, 1), (9.9, 1), (0.2, 2)):
        await asyncio.sleep(pause)
        await connector.consume(span(batch(), 1, events=[BOOM]))
        assert sink.item_count == expected


@pytest.mark.parametrize("refusal", [RetryableError("busy"), PermanentError("never")])
async def test_what_nobody_took_is_told_when_it_comes_again(refusal: Any) -> None:
    sink = Sink()
    connector = make(sink)
    sink.answer_next(refusal)
    sent = span(span(batch(), 1, 2, events=[BOOM]), 2, 3, events=[BOOM])
    with pytest.raises(type(refusal)):
        await connector.consume(sent)
    assert await connector.consume(sent) == ACCEPTED
    assert await connector.consume(sent) == ACCEPTED
    assert sink.item_count == 1


async def test_what_was_told_is_remembered_over_a_reload() -> None:
    sink, host = Sink(), NopHost()
    for _ in range(2):
        connector = make(sink)
        async with connector.lifespan(host):
            await connector.consume(span(batch(), 1, events=[BOOM]))
    assert sink.item_count == 1


circles = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8), st.booleans()), max_size=20)


@given(circles)
def test_the_memory_is_bounded_whatever_the_parents_are(spans: list[tuple[int, int, bool]]) -> None:
    sent = batch()
    for number, parent, has_event in spans:
        span(sent, number, parent, events=[BOOM] if has_event else [])
    found = failures(each_span(sent), lambda _: True, error_spans=True)
    assert len(found) == len(spans)
    told = Told(10.0, 6)
    new, noted = told.new_ones(found, 0.0)
    assert len(told) <= 6
    assert bool(new) == bool(spans)
    told.forget(noted)
    assert len(told) == 0


# -------------------------------------------------------------------------------------------------------------- keys
async def test_only_spans_that_the_condition_holds_for() -> None:
    sent = span(span(batch(), 1, events=[BOOM]), 2, events=[BOOM], trace=2)
    assert await bodies(sent, where='span.name == "op2"') == ["op2 failed"]
    assert await bodies(sent, where='resource.attributes["service.name"] != "shop"') == []


async def test_dimensions_come_from_exception_span_resource_or_default() -> None:
    sink = Sink()
    names = ["exception.code", "user.id", "host.name", "gone", "given"]
    dimensions = [{"name": name, "default": 5 if name == "given" else None} for name in names]
    sent = span(batch(), 1, events=[{**BOOM, "exception.code": "E1"}], attributes={"user.id": 7, "exception.code": "x"})
    await make(sink, dimensions=dimensions).consume(sent)
    found = attributes_to_dict(sink.log_records[0].attributes)
    assert [found.get(name) for name in names] == ["E1", 7, "h1", None, 5]


async def test_a_condition_that_fails_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    sink = Sink()
    connector = make(sink, where='Int(attributes["x"]) > 1 and Substring(name, 90, 1) == "x"')
    async with connector.lifespan(NopHost()):
        for trace in (1, 2):
            await connector.consume(span(batch(), 1, events=[BOOM], attributes={"x": 5}, trace=trace))
    assert sink.offered == 0
    assert caplog.text.count("its span is not told") == 1
    assert "2 times" in caplog.text


async def test_nothing_to_tell_passes_nothing_on() -> None:
    sink = Sink()
    assert await make(sink).consume(span(batch(), 1, status=UNSET)) == ACCEPTED
    assert await make(sink).consume(logs_batch()) == ACCEPTED
    assert await make(None).consume(span(batch(), 1)) == ACCEPTED
    assert sink.offered == 0


async def test_rejected_records_are_no_rejected_spans() -> None:
    assert await make(Sink(always=Receipt(1, "too many"))).consume(span(batch(), 1)) == Receipt(0, "too many")


async def test_what_is_forgotten_early_is_said(caplog: pytest.LogCaptureFixture) -> None:
    connector = make(Sink(), deduplication={"max_entries": 2})
    with caplog.at_level(logging.INFO):
        async with connector.lifespan(NopHost()):
            await connector.consume(span(batch(), 1, events=[BOOM]))
    assert "forgotten early" in caplog.text


CONTRIB = """
receivers: {nop: }
exporters: {nop: }
connectors:
  exceptions:
  exceptions/full:
    dimensions:
      - name: exception.type
      - name: exception.message
      - name: http.method
        default: GET
    exemplars: {enabled: false}
service:
  pipelines:
    traces: {receivers: [nop], exporters: [exceptions, exceptions/full]}
    logs: {receivers: [exceptions, exceptions/full], exporters: [nop]}
"""


def test_examples_of_contrib_load() -> None:
    found = load_configuration([f"yaml:{CONTRIB}"], [], Registry.from_entry_points(), {}).components[Kind.CONNECTOR]
    assert [len(each.config.dimensions) for each in found.values()] == [0, 3]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("keys", "path", "words"),
    [
        ({"exemplars": {"enabled": True}}, "exemplars::enabled", "belong to metrics"),
        ({"where": "span.kind = 2"}, "where", "column"),
        ({"dimensions": [{"default": 1}]}, "dimensions::0::name", "is required"),
        ({"deduplication": {"max_entries": 0}}, "deduplication::max_entries", "1"),
        ({"histogram": {}}, "histogram", "has invalid keys"),
    ],
)
def test_wrong_ones_are_refused(keys: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ExceptionsConfig.model_validate(keys)
    problems = {"::".join(map(str, each[0])): each[1] for each in explain(refused.value, ExceptionsConfig, keys)}
    assert words in problems[path], problems


@pytest.mark.looptime
async def test_its_lifetime_is_as_it_must_be() -> None:
    for check in (check_never_started, check_start_and_stop, check_cancelled):
        await check(lambda: make(Sink()))
