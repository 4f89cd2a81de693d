"""Items of batches, in order, with all that they stand in."""

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.ottl import (
    each_data_point,
    each_log,
    each_metric,
    each_resource,
    each_scope,
    each_span,
    each_span_event,
)
from otel_discord.signals import LogsBatch, MetricsBatch, TracesBatch


def logs() -> LogsBatch:
    request = ExportLogsServiceRequest()
    for service in "ab":
        group = request.resource_logs.add(schema_url=service)
        for scope in "xy":
            scope_logs = group.scope_logs.add()
            scope_logs.scope.name = service + scope
            for number in range(2):
                scope_logs.log_records.add(event_name=f"{service}{scope}{number}")
    return LogsBatch(request)


def test_logs() -> None:
    items = list(each_log(logs()))
    assert [item.record.event_name for item in items] == ["ax0", "ax1", "ay0", "ay1", "bx0", "bx1", "by0", "by1"]
    assert items[2].scope.name == "ay"
    assert items[2].scope_logs is not None
    assert items[-1].resource_logs is not None
    assert items[-1].resource_logs.schema_url == "b"


def test_the_record_is_the_batch_s_own() -> None:
    batch = logs()
    next(each_log(batch)).record.event_name = "changed"
    assert next(each_log(batch)).record.event_name == "changed"


def test_resources_and_scopes_of_every_signal() -> None:
    assert len(list(each_resource(logs()))) == 2
    assert [item.scope.name for item in each_scope(logs())] == ["ax", "ay", "bx", "by"]
    traces = ExportTraceServiceRequest()
    traces.resource_spans.add().scope_spans.add().scope.name = "t"
    metrics = ExportMetricsServiceRequest()
    metrics.resource_metrics.add().scope_metrics.add().scope.name = "m"
    for batch, name in ((TracesBatch(traces), "t"), (MetricsBatch(metrics), "m")):
        (scope,) = each_scope(batch)
        (resource,) = each_resource(batch)
        assert scope.scope.name == name
        assert scope.resource_group is resource.resource_group or scope.resource_group == resource.resource_group


def test_spans_and_their_events() -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for name in "ab":
        span = spans.add(name=name)
        for number in range(2):
            span.events.add(name=f"{name}{number}")
    batch = TracesBatch(request)
    assert [item.span.name for item in each_span(batch)] == ["a", "b"]
    events = [(item.event.name, item.event_index, item.span.name) for item in each_span_event(batch)]
    assert events == [("a0", 0, "a"), ("a1", 1, "a"), ("b0", 0, "b"), ("b1", 1, "b")]


def test_metrics_and_their_points() -> None:
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    metrics.add(name="none")
    metrics.add(name="gauge").gauge.data_points.add(as_int=1)
    histogram = metrics.add(name="histogram").histogram
    histogram.data_points.add(count=1)
    histogram.data_points.add(count=2)
    batch = MetricsBatch(request)
    assert [item.metric.name for item in each_metric(batch)] == ["none", "gauge", "histogram"]
    assert [item.metric.name for item in each_data_point(batch)] == ["gauge", "histogram", "histogram"]
