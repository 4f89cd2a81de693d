"""Batches: their counts, their records in order, their severity; a copy may be changed, the batch is not."""

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.signals import Batch, LogsBatch, MetricsBatch, Signal, TracesBatch
from otel_discord.testing.otlp import logs_batch, logs_request, metrics_batch, metrics_request, traces_batch


@pytest.mark.parametrize(
    ("batch", "signal", "items"),
    [
        (logs_batch(3), Signal.LOGS, 3),
        (metrics_batch(4), Signal.METRICS, 4),
        (traces_batch(5), Signal.TRACES, 5),
        (LogsBatch(ExportLogsServiceRequest()), Signal.LOGS, 0),
        (MetricsBatch(ExportMetricsServiceRequest()), Signal.METRICS, 0),
        (TracesBatch(ExportTraceServiceRequest()), Signal.TRACES, 0),
    ],
)
def test_counts(batch: Batch, signal: Signal, items: int) -> None:
    assert (batch.signal, batch.item_count) == (signal, items)
    assert batch.size_bytes == len(batch.request.SerializeToString())


def test_points_of_every_kind_of_metric_count_and_a_metric_without_data_has_none() -> None:
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    for kind in ("gauge", "sum", "histogram", "exponential_histogram", "summary"):
        getattr(metrics.add(name=kind), kind).data_points.add()
    metrics.add(name="without data")
    request.MergeFrom(metrics_request(2))
    assert MetricsBatch(request).item_count == 7


def two_resources() -> LogsBatch:
    request = logs_request(2, resource={"service.name": "one"}, scope="a")
    request.MergeFrom(logs_request(2, first=2, resource={"service.name": "two"}, scope="b"))
    return LogsBatch(request)


def test_records_come_in_order_with_what_they_belong_to() -> None:
    seen = [
        (resource.attributes[0].value.string_value, scope.name, record.body.string_value)
        for resource, scope, record in two_resources().records()
    ]
    assert seen == [
        ("one", "a", "record 0"),
        ("one", "a", "record 1"),
        ("two", "b", "record 2"),
        ("two", "b", "record 3"),
    ]


@pytest.mark.parametrize(
    ("severities", "highest"),
    [([], 0), ([(9, "")], 9), ([(9, ""), (17, ""), (13, "")], 17), ([(0, "FATAL"), (9, "")], 21), ([(0, "")], 0)],
)
def test_the_highest_severity_is_what_a_number_or_else_a_text_says(
    severities: list[tuple[int, str]], highest: int
) -> None:
    request = ExportLogsServiceRequest()
    for number, text in severities:
        request.MergeFrom(logs_request(severity=number, severity_text=text))
    assert LogsBatch(request).highest_severity() == highest


def test_a_copy_is_changed_alone() -> None:
    batch = logs_batch()
    copy = batch.copy()
    assert copy == batch
    copy.request.resource_logs[0].scope_logs[0].log_records[0].body.string_value = "changed"
    assert [record.body.string_value for _, _, record in batch.records()] == ["record 0"]
