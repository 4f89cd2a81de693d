"""Spans and metrics of the SDK become the OTLP that its own exporters make of them, and nothing of them raises."""

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from otel_discord.sdk.metrics_to_otlp import POINTS_AT_A_TIME, metrics_batches
from otel_discord.sdk.spans_to_otlp import traces_batch

RESOURCE = Resource({"service.name": "shop", "n": 5})


@pytest.fixture
def spans() -> Any:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("shop", "1.2"), exporter


def plain(message: Any) -> Any:
    return MessageToDict(message, preserving_proto_field_name=True)


def test_spans(spans: Any) -> None:
    tracer, exporter = spans
    attributes = {"text": "é", "whole": 1, "part": 1.5, "yes": True, "many": ["a", "b"], "numbers": (1, 2)}
    for kind in SpanKind:
        with tracer.start_as_current_span("outer", kind=kind, attributes=attributes) as outer:
            link = Link(outer.get_span_context(), {"why": "because"})
            with tracer.start_as_current_span("inner", links=[link]) as inner:
                inner.add_event("something", {"k": 1})
                inner.record_exception(ValueError("words"))
                inner.set_status(Status(StatusCode.ERROR, "it failed"))
    finished = exporter.get_finished_spans()
    ours, theirs = plain(traces_batch(finished).request), plain(encode_spans(finished))
    for made in (ours, theirs):
        for span in made["resource_spans"][0]["scope_spans"][0]["spans"]:
            span["flags"] &= 0x300  # ours say that the trace was sampled, too
            for each in span.get("links", ()):
                each.pop("flags", None)
    assert ours == theirs


def test_a_span_of_which_something_cannot_be_told(spans: Any) -> None:
    tracer, exporter = spans
    with tracer.start_as_current_span("name \ud800") as span:
        span.set_attribute("text", "a \ud800 b")
        span.set_attribute("whole", 2**70)
        span.set_attribute("good", 1)
    (made,) = traces_batch(exporter.get_finished_spans()).request.resource_spans[0].scope_spans[0].spans
    assert made.name.startswith("name ")
    assert "good" in {pair.key for pair in made.attributes}
    assert len(made.trace_id) == 16


def collected(instruments: Any, *, views: Any = ()) -> Any:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource=RESOURCE, views=views)
    instruments(provider.get_meter("shop", "1.2"))
    return reader.get_metrics_data()


def several(meter: Any) -> None:
    counter = meter.create_counter("orders", "1", "of them")
    counter.add(1, {"a": "x"})
    counter.add(2.5, {"a": "y"})
    meter.create_up_down_counter("jobs").add(-3)
    meter.create_gauge("depth", "By").set(7)
    meter.create_observable_gauge("seen", [lambda _: [Observation(4, {"b": True})]])
    for name in ("duration", "exponential"):
        histogram = meter.create_histogram(name, "s")
        for value in (0.001, 0.2, 3, 70, 5000):
            histogram.record(value, {"route": "/"})


def test_metrics() -> None:
    data = collected(
        several, views=[View(instrument_name="exponential", aggregation=ExponentialBucketHistogramAggregation())]
    )
    (batch,) = metrics_batches(data, lambda _: True)
    ours, theirs = plain(batch.request), plain(encode_metrics(data))
    assert len(ours["resource_metrics"][0]["scope_metrics"][0]["metrics"]) == 6
    for made in (ours, theirs):
        for metric in made["resource_metrics"][0]["scope_metrics"][0]["metrics"]:
            for point in metric.get("exponential_histogram", {}).get("data_points", ()):
                point.pop("negative", None)  # empty in both
    assert ours == theirs


def test_only_what_is_asked_for_in_portions() -> None:
    def many(meter: Any) -> None:
        gauge, other = meter.create_gauge("depth"), meter.create_gauge("other")
        other.set(1)
        for number in range(1_900):
            gauge.set(number, {"n": number})

    data = collected(many)
    batches = list(metrics_batches(data, lambda name: name == "depth"))
    assert [batch.item_count for batch in batches] == [POINTS_AT_A_TIME, 1_900 - POINTS_AT_A_TIME]
    names = {metric.name for each in batches for metric in each.request.resource_metrics[0].scope_metrics[0].metrics}
    assert names == {"depth"}
    assert list(metrics_batches(data, lambda _: False)) == []


def test_numbers_that_the_wire_cannot_carry() -> None:
    def huge(meter: Any) -> None:
        meter.create_gauge("depth").set(2**70, {"k": "\ud800"})
        meter.create_gauge("fine").set(1)

    (batch,) = metrics_batches(collected(huge), lambda _: True)
    depth, fine = batch.request.resource_metrics[0].scope_metrics[0].metrics
    assert depth.gauge.data_points[0].as_double == float(2**70)
    assert fine.gauge.data_points[0].as_int == 1
