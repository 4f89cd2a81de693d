"""Own telemetry that comes back: own spans end at the door, own metrics pass, others are untouched."""

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import ResourceMetrics
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from otel_discord.component import ACCEPTED, Receipt
from otel_discord.service.telemetry.own_telemetry import (
    PROCESS_ID,
    PROCESS_ID_KEY,
    OwnTelemetryDoor,
    has_own,
    without_own_spans,
)
from otel_discord.signals import Batch, LogsBatch, MetricsBatch, TracesBatch


def resource(process_id: str) -> Resource:
    return Resource(attributes=[KeyValue(key=PROCESS_ID_KEY, value=AnyValue(string_value=process_id))])


OWN, FOREIGN = ResourceSpans(resource=resource(PROCESS_ID)), ResourceSpans(resource=resource("another process"))


def spans(*parts: ResourceSpans) -> TracesBatch:
    return TracesBatch(ExportTraceServiceRequest(resource_spans=parts))


class Recorder:
    def __init__(self) -> None:
        self.batches: list[Batch] = []

    async def consume(self, batch: Batch) -> Receipt:
        self.batches.append(batch)
        return Receipt(1, "one was bad")


def test_only_this_process_is_own():
    assert has_own(spans(FOREIGN, OWN))
    assert not has_own(spans(FOREIGN))
    assert list(without_own_spans(spans(OWN, FOREIGN, OWN)).request.resource_spans) == [FOREIGN]
    batch = spans(FOREIGN)
    assert without_own_spans(batch) is batch


async def test_own_spans_are_accepted_and_left_out(caplog):
    recorder = Recorder()
    door = OwnTelemetryDoor(recorder)
    assert await door.consume(spans(OWN)) == ACCEPTED
    assert await door.consume(spans(OWN, OWN)) == ACCEPTED
    assert recorder.batches == []
    assert len(caplog.records) == 1
    mixed = spans(OWN, FOREIGN)
    assert await door.consume(mixed) == Receipt(1, "one was bad")
    assert [list(batch.request.resource_spans) for batch in recorder.batches] == [[FOREIGN]]
    assert len(mixed.request.resource_spans) == 2


async def test_everything_else_passes_as_it_is():
    recorder = Recorder()
    door = OwnTelemetryDoor(recorder)
    own_metrics = MetricsBatch(
        ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(resource=resource(PROCESS_ID))])
    )
    batches = [own_metrics, LogsBatch(ExportLogsServiceRequest()), spans(FOREIGN)]
    for batch in batches:
        await door.consume(batch)
    assert all(passed is batch for passed, batch in zip(recorder.batches, batches, strict=True))
