"""Every field of every context: what it reads, and that what is written is read back."""

from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.ottl import (
    ContextKind,
    Item,
    LogItem,
    OttlError,
    ResourceItem,
    ScopeItem,
    each_data_point,
    each_metric,
    each_span,
    each_span_event,
    parse_condition,
    parse_statement,
)
from otel_discord.ottl.otlp_values import to_any
from otel_discord.signals import MetricsBatch, TracesBatch


def check(text: str, kind: ContextKind, item: Item) -> None:
    assert parse_condition(text, kind)(item) is True, text


def set_and_check(path: str, value: str, kind: ContextKind, item: Item) -> None:
    assert parse_statement(f"set({path}, {value})", kind)(item) is True
    check(f"{path} == {value}", kind, item)


def traces() -> TracesBatch:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add(schema_url="r")
    scope_spans = group.scope_spans.add(schema_url="s")
    span = scope_spans.spans.add(
        name="GET /",
        kind=2,
        trace_id=bytes(15) + b"\x01",
        span_id=bytes(7) + b"\x02",
        start_time_unix_nano=5,
        end_time_unix_nano=9,
        trace_state="a=1, b=2,junk",
        dropped_attributes_count=1,
        dropped_events_count=2,
        dropped_links_count=3,
        flags=1,
    )
    span.attributes.add(key="k").value.string_value = "v"
    span.status.code = 2
    span.status.message = "bad"
    span.events.add(name="first", time_unix_nano=6)
    event = span.events.add(name="exception", time_unix_nano=7, dropped_attributes_count=4)
    event.attributes.add(key="exception.type").value.string_value = "ValueError"
    span.links.add(trace_state="x=y").attributes.add(key="l").value.int_value = 1
    return TracesBatch(request)


def metrics() -> MetricsBatch:
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    scope_metrics = group.scope_metrics.add()
    add = scope_metrics.metrics.add
    gauge = add(name="gauge", unit="1", description="d").gauge.data_points.add(as_int=7, flags=1)
    gauge.attributes.add(key="k").value.string_value = "v"
    gauge.exemplars.add(as_double=1.5, span_id=b"\x01").filtered_attributes.add(key="f").value.bool_value = True
    total = add(name="sum").sum
    total.aggregation_temporality = 2
    total.is_monotonic = True
    total.data_points.add(as_double=2.5, start_time_unix_nano=1, time_unix_nano=2)
    histogram = add(name="histogram").histogram
    histogram.aggregation_temporality = 1
    histogram.data_points.add(count=3, sum=4.5, bucket_counts=[1, 2], explicit_bounds=[0.5])
    exponential = add(name="exponential").exponential_histogram.data_points.add(count=1, scale=2, zero_count=3)
    exponential.positive.offset = 4
    exponential.positive.bucket_counts.extend([5, 6])
    exponential.negative.offset = -4
    add(name="summary").summary.data_points.add(count=9, sum=1.0).quantile_values.add(quantile=0.5, value=2.0)
    add(name="nothing")
    return MetricsBatch(request)


LOG_READS = [
    'body == "order 17 failed"',
    'body.string == "order 17 failed"',
    "time_unix_nano == 1000",
    "UnixNano(time) == 1000",
    "observed_time_unix_nano == 2000",
    "UnixNano(observed_time) == 2000",
    "severity_number == 17",
    'severity_text == "ERROR"',
    "trace_id == TraceID(0x000102030405060708090a0b0c0d0e0f)",
    'trace_id.string == "000102030405060708090a0b0c0d0e0f"',
    "span_id == 0x0001020304050607",
    'span_id.string == "0001020304050607"',
    "flags == 1",
    "dropped_attributes_count == 3",
    'event_name == "order.failed"',
    'resource.attributes == {"service.name": "shop"}',
    "resource.dropped_attributes_count == 1",
    'resource.schema_url == "https://schema/resource"',
    'scope.schema_url == "https://schema/scope"',
    'scope.version == "1.2" and scope.attributes["team"] == "red"',
    "instrumentation_scope.dropped_attributes_count == 0",
]


@pytest.mark.parametrize("text", LOG_READS)
def test_a_log_record_is_read(text: str, log: LogItem) -> None:
    check(text, ContextKind.LOG, log)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("body", '"text"'),
        ("body", "42"),
        ("body", "-4.5"),
        ("body", "true"),
        ("body", "0x00ff"),
        ("body", '{"a": [1, {"b": nil}], "c": ""}'),
        ("body.string", '"text"'),
        ("attributes", '{"only": "this"}'),
        ('attributes["new"]', '"n"'),
        ('attributes["text"]', "1"),
        ('attributes["a"]["b"][0]', '"changed"'),
        ('attributes["a"]["x"]["y"]', "1"),
        ('attributes["unset"]["y"]', "1"),
        ('attributes["twice"]', '"both"'),
        ('attributes[attributes["key"]]', '"dynamic"'),
        ("severity_number", "9"),
        ("severity_text", '"INFO"'),
        ("time_unix_nano", "77"),
        ("time", "observed_time"),
        ("observed_time_unix_nano", "77"),
        ("trace_id", "0x0f0e0d0c0b0a09080706050403020100"),
        ("trace_id.string", '"0f0e0d0c0b0a09080706050403020100"'),
        ("span_id.string", '"0706050403020100"'),
        ("flags", "0"),
        ("event_name", '""'),
        ("dropped_attributes_count", "0"),
        ("resource.attributes", "{}"),
        ('resource.attributes["service.name"]', '"other"'),
        ("resource.schema_url", '"u"'),
        ("scope.schema_url", '"u"'),
        ("scope.name", '"n"'),
        ("instrumentation_scope.version", '"2"'),
        ("cache", '{"a": 1}'),
        ('cache["a"]', "[1, 2]"),
        ('cache["a"]["b"]["c"]', "time"),
    ],
)
def test_a_log_record_is_written(path: str, value: str, log: LogItem) -> None:
    set_and_check(path, value, ContextKind.LOG, log)
    assert len([pair for pair in log.record.attributes if pair.key == "twice"]) in (0, 2)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ('set(severity_number, "x")', "expected int, found string"),
        ("set(severity_number, true)", "expected int, found bool"),
        ("set(severity_number, 9999999999)", "severity_number cannot be set"),
        ("set(flags, -1)", "flags cannot be set"),
        ("set(time, 1)", "expected time, found int"),
        ("set(trace_id, 0x01)", "the id has 1 bytes, not 16"),
        ('set(trace_id.string, "xy")', "the id is no hex"),
        ('set(span_id.string, "00")', "the id has 1 bytes, not 8"),
        ("set(body.string, 1)", "expected string, found int"),
        ("set(attributes, 1)", "expected map, found int"),
        ('set(attributes["text"]["a"], 1)', "a string cannot be indexed"),
        ('set(attributes["list"][7], 1)', "out of bounds"),
        ('set(attributes["unset"][0], 1)', "out of bounds for a list of 0"),
        ('set(attributes["t"], time)', "a time cannot be stored"),
        ('set(attributes["t"], [observed_time - time])', "a duration cannot be stored"),
        ("set(cache, 1)", "expected map, found int"),
        ('set(cache["a"][0], 1)', "out of bounds"),
        ('set(body["a"], 1)', "a string cannot be indexed"),
    ],
)
def test_what_a_field_cannot_hold_is_an_error(statement: str, problem: str, log: LogItem) -> None:
    run = parse_statement(statement, ContextKind.LOG)
    with pytest.raises(OttlError) as raised:
        run(log)
    assert problem in str(raised.value).replace("a map", "map")


def test_an_absent_id_reads_as_zeros(log: LogItem) -> None:
    log.record.ClearField("trace_id")
    check("trace_id == TraceID(0x00000000000000000000000000000000)", ContextKind.LOG, log)
    check('trace_id.string == "00000000000000000000000000000000"', ContextKind.LOG, log)


def test_the_cache_is_the_item_s_own_and_its_parts_are_not_shared(log: LogItem) -> None:
    for statement in (
        'set(cache["a"], {"k": [1, 2]})',
        'set(cache["b"], cache["a"])',
        'set(cache["b"]["k"][0], "changed")',
        'set(cache["all"], cache)',
        'set(cache["b"]["k"][1], "later")',
    ):
        parse_statement(statement, ContextKind.LOG)(log)
    check('cache["a"] == {"k": [1, 2]}', ContextKind.LOG, log)
    check('cache["all"]["b"]["k"] == ["changed", 2]', ContextKind.LOG, log)
    check('cache["b"]["k"] == ["changed", "later"]', ContextKind.LOG, log)
    check('cache["a"]["k"][1] == 2 and cache["a"]["z"] == nil', ContextKind.LOG, log)
    with pytest.raises(OttlError, match="index is an int"):
        parse_condition('cache["a"]["k"]["x"] == 1', ContextKind.LOG)(log)
    with pytest.raises(OttlError, match="an int cannot be indexed"):
        parse_statement('set(cache["a"]["k"][0]["x"], 1)', ContextKind.LOG)(log)


def test_values_nest_no_deeper_than_protobuf_reads(log: LogItem) -> None:
    wrap = parse_statement('set(cache["a"], {"a": cache["a"]})', ContextKind.LOG)
    parse_statement('set(cache["a"], "x")', ContextKind.LOG)(log)
    for _ in range(300):
        wrap(log)
    with pytest.raises(OttlError, match="nested deeper"):
        parse_statement("set(body, cache)", ContextKind.LOG)(log)
    with pytest.raises(OttlError, match="nested deeper"):
        parse_condition("cache == cache", ContextKind.LOG)(log)
    with pytest.raises(OttlError, match="nested too deep"):
        parse_condition('IsMatch(cache, "x")', ContextKind.LOG)(log)


@pytest.mark.parametrize("value", [2**63, "\ud800", [2**70], {"a": {"b": "\udfff"}}, {1: 2}])
def test_what_protobuf_cannot_hold_is_an_error(value: Any) -> None:
    with pytest.raises(OttlError, match="cannot be stored"):
        to_any(value)


def test_the_schema_url_of_a_lone_record_is_unknown(log: LogItem) -> None:
    lone = LogItem(log.record, log.scope, log.resource)
    check('resource.schema_url == ""', ContextKind.LOG, lone)
    with pytest.raises(OttlError, match="schema URL cannot be set here"):
        parse_statement('set(scope.schema_url, "x")', ContextKind.LOG)(lone)


def test_resources_and_scopes_by_themselves(log: LogItem) -> None:
    resource = ResourceItem(log.resource, log.resource_logs)
    for text in ('attributes["service.name"] == "shop"', "resource.dropped_attributes_count == 1", 'schema_url != ""'):
        check(text, ContextKind.RESOURCE, resource)
    scope = ScopeItem(log.scope, log.resource, log.scope_logs, log.resource_logs)
    for text in (
        'name == "shop.orders"',
        'scope.name == "shop.orders"',
        'resource.attributes["service.name"] == "shop"',
    ):
        check(text, ContextKind.SCOPE, scope)
    set_and_check('cache["x"]', "1", ContextKind.SCOPE, scope)


SPAN_READS = [
    'name == "GET /" and span.name == name',
    "kind == SPAN_KIND_SERVER",
    'kind.string == "Server"',
    'kind.deprecated_string == "SPAN_KIND_SERVER"',
    "start_time_unix_nano == 5 and end_time_unix_nano == 9",
    'end_time - start_time == Duration("4ns")',
    "end_time_unix_nano - start_time_unix_nano == 4",
    'attributes["k"] == "v"',
    "status.code == STATUS_CODE_ERROR",
    'status.message == "bad"',
    'status == {"message": "bad", "code": 2}',
    "parent_span_id == SpanID(0x0000000000000000)",
    'parent_span_id.string == "0000000000000000"',
    'trace_state == "a=1, b=2,junk"',
    'trace_state["a"] == "1" and trace_state["b"] == "2" and trace_state["c"] == ""',
    "dropped_attributes_count == 1 and dropped_events_count == 2 and dropped_links_count == 3",
    "flags == 1",
    "Len(events) == 2 and Len(links) == 1",
    'resource.schema_url == "r" and scope.schema_url == "s"',
]


@pytest.mark.parametrize("text", SPAN_READS)
def test_a_span_is_read(text: str) -> None:
    check(text, ContextKind.SPAN, next(each_span(traces())))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", '"n"'),
        ("kind", "SPAN_KIND_CLIENT"),
        ("kind.string", '"Producer"'),
        ("kind.deprecated_string", '"SPAN_KIND_CONSUMER"'),
        ("status.code", "STATUS_CODE_OK"),
        ("status.message", '"fine"'),
        ("trace_state", '"x=y"'),
        ('trace_state["b"]', '"3"'),
        ('trace_state["new"]', '"4"'),
        ("parent_span_id", "0x0000000000000009"),
        ("end_time", "start_time"),
        ("dropped_links_count", "7"),
    ],
)
def test_a_span_is_written(path: str, value: str) -> None:
    set_and_check(path, value, ContextKind.SPAN, next(each_span(traces())))


def test_what_changed_stands_first_in_the_trace_state() -> None:
    span = next(each_span(traces()))
    parse_statement('set(trace_state["b"], "3")', ContextKind.SPAN)(span)
    assert span.span.trace_state == "b=3,a=1"
    for text in ('set(trace_state[0], "x")', 'set(trace_state["a"]["b"], "x")', 'set(kind.string, "Nothing")'):
        with pytest.raises(OttlError):
            parse_statement(text, ContextKind.SPAN)(span)
    span.span.kind = 99
    check('kind.string == ""', ContextKind.SPAN, span)


def test_a_span_event_is_read_with_its_span() -> None:
    _, event = each_span_event(traces())
    for text in (
        'name == "exception" and spanevent.name == "exception"',
        'attributes["exception.type"] == "ValueError"',
        "time_unix_nano == 7 and UnixNano(time) == 7",
        "dropped_attributes_count == 4",
        "event_index == 1 and spanevent.event_index == 1",
        'span.name == "GET /" and span.status.code == 2',
        "cache == {}",
    ):
        check(text, ContextKind.SPANEVENT, event)
    set_and_check('span.attributes["seen"]', "true", ContextKind.SPANEVENT, event)


def metric(name: str) -> Any:
    return next(item for item in each_metric(metrics()) if item.metric.name == name)


def point(name: str) -> Any:
    return next(item for item in each_data_point(metrics()) if item.metric.name == name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gauge", 'name == "gauge" and metric.unit == "1" and description == "d"'),
        ("gauge", "type == METRIC_DATA_TYPE_GAUGE and aggregation_temporality == nil and is_monotonic == nil"),
        ("sum", "type == METRIC_DATA_TYPE_SUM and is_monotonic == true"),
        ("sum", "aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE"),
        ("histogram", "metric.type == METRIC_DATA_TYPE_HISTOGRAM and aggregation_temporality == 1"),
        ("exponential", "type == METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM"),
        ("summary", "type == METRIC_DATA_TYPE_SUMMARY and Len(data_points) == 1"),
        ("nothing", "type == METRIC_DATA_TYPE_NONE and data_points == nil and is_monotonic == nil"),
        ("nothing", "metadata == {}"),
    ],
)
def test_a_metric_is_read(name: str, text: str) -> None:
    check(text, ContextKind.METRIC, metric(name))


def test_a_metric_is_written() -> None:
    set_and_check("unit", '"s"', ContextKind.METRIC, metric("gauge"))
    set_and_check("is_monotonic", "false", ContextKind.METRIC, metric("sum"))
    set_and_check("aggregation_temporality", "1", ContextKind.METRIC, metric("sum"))
    for name in ("gauge", "nothing"):
        with pytest.raises(OttlError, match="is_monotonic cannot be set"):
            parse_statement("set(is_monotonic, true)", ContextKind.METRIC)(metric(name))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gauge", 'value_int == 7 and attributes["k"] == "v" and flags == FLAG_NO_RECORDED_VALUE'),
        ("gauge", "count == nil and sum == nil and bucket_counts == nil and positive.offset == nil"),
        ("gauge", "exemplars != nil and Len(exemplars) == 1 and quantile_values == nil"),
        ("sum", "datapoint.value_double == 2.5 and start_time_unix_nano == 1 and time_unix_nano == 2"),
        ("sum", 'metric.name == "sum" and metric.is_monotonic == true and time - start_time == Duration("1ns")'),
        ("histogram", "count == 3 and sum == 4.5 and bucket_counts == [1, 2] and explicit_bounds == [0.5]"),
        ("histogram", "value_double == nil and value_int == nil"),
        ("exponential", "scale == 2 and zero_count == 3 and positive.offset == 4 and negative.offset == -4"),
        ("exponential", "positive.bucket_counts == [5, 6] and negative.bucket_counts == [] and positive != nil"),
        ("summary", 'quantile_values == [{"quantile": 0.5, "value": 2.0}] and count == 9'),
    ],
)
def test_a_data_point_is_read(name: str, text: str) -> None:
    check(text, ContextKind.DATAPOINT, point(name))


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("gauge", "value_int", "8"),
        ("gauge", "value_double", "8.5"),
        ("gauge", "value_double", "8"),
        ("gauge", "metric.name", '"new"'),
        ("histogram", "bucket_counts", "[4, 5, 6]"),
        ("histogram", "explicit_bounds", "[1, 2.5]"),
        ("histogram", "sum", "1.5"),
        ("exponential", "positive.offset", "-2"),
        ("exponential", "negative.bucket_counts", "[1]"),
        ("summary", "time", "start_time"),
    ],
)
def test_a_data_point_is_written(name: str, path: str, value: str) -> None:
    set_and_check(path, value, ContextKind.DATAPOINT, point(name))


@pytest.mark.parametrize(
    ("name", "statement", "problem"),
    [
        ("gauge", "set(count, 1)", "count cannot be set"),
        ("gauge", "set(positive.offset, 1)", "positive.offset cannot be set"),
        ("gauge", "set(bucket_counts, [1])", "this data point has no bucket_counts"),
        ("histogram", "set(bucket_counts, [-1])", "bucket_counts cannot be set"),
        ("histogram", 'set(bucket_counts, ["a"])', "bucket_counts cannot be set"),
        ("histogram", 'set(sum, "a")', "expected int or float, found string"),
    ],
)
def test_what_a_data_point_cannot_hold(name: str, statement: str, problem: str) -> None:
    item = point(name)
    before = item.point.SerializeToString()
    with pytest.raises(OttlError, match=problem):
        parse_statement(statement, ContextKind.DATAPOINT)(item)
    assert item.point.SerializeToString() == before
