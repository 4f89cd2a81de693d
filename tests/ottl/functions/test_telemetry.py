"""Functions that look at the item itself: metrics' data points, a span's parent."""

from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint, Summary, SummaryDataPoint
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.items import ContextKind, MetricItem, SpanItem
from otel_discord.ottl.registry import Arguments

NUMBERED = KeyValue(key="internal", value=AnyValue(int_value=1))
STRING = KeyValue(key="env", value=AnyValue(string_value="test"))
GAUGE = Metric(gauge=Gauge(data_points=[NumberDataPoint(), NumberDataPoint(attributes=[NUMBERED, STRING])]))
SUMMARY = Metric(summary=Summary(data_points=[SummaryDataPoint(attributes=[STRING])]))


def of_metric(name: str, metric: Metric, **arguments: str) -> Any:
    item = MetricItem(metric, InstrumentationScope(), Resource())
    return FUNCTIONS[name].build(Arguments(arguments))(item)


@pytest.mark.parametrize(
    ("metric", "key", "expected"),
    [(GAUGE, "internal", True), (GAUGE, "other", False), (SUMMARY, "env", True), (Metric(), "env", False)],
)
def test_has_a_key_on_a_data_point(metric: Metric, key: str, expected: bool) -> None:
    assert of_metric("HasAttrKeyOnDatapoint", metric, key=key) is expected


@pytest.mark.parametrize(
    ("metric", "key", "value", "expected"),
    [
        (GAUGE, "env", "test", True),
        (GAUGE, "env", "prod", False),
        (GAUGE, "internal", "1", False),
        (GAUGE, "other", "", False),
        (SUMMARY, "env", "test", True),
        (Metric(), "env", "test", False),
    ],
)
def test_has_a_value_on_a_data_point(metric: Metric, key: str, value: str, expected: bool) -> None:
    assert of_metric("HasAttrOnDatapoint", metric, key=key, expected_val=value) is expected


@pytest.mark.parametrize(("parent", "expected"), [(b"", True), (bytes(8), True), (b"\x01" * 8, False)])
def test_is_a_root_span(parent: bytes, expected: bool) -> None:
    item = SpanItem(Span(parent_span_id=parent), InstrumentationScope(), Resource())
    assert FUNCTIONS["IsRootSpan"].build(Arguments({}))(item) is expected


def test_where_they_work() -> None:
    assert FUNCTIONS["IsRootSpan"].contexts == {ContextKind.SPAN}
    assert FUNCTIONS["HasAttrOnDatapoint"].contexts == {ContextKind.METRIC}
    assert [name for name, function in FUNCTIONS.items() if not function.pure and not function.is_editor] == [
        "HasAttrKeyOnDatapoint",
        "HasAttrOnDatapoint",
        "IsRootSpan",
        "Now",
        "Time",
    ]
