"""Own telemetry that comes back does not report itself in a circle.

Own metrics and spans carry ``otel_discord.process.id`` as a resource attribute. Where they are pushed to a receiver of
this very process, three rules break the circle:

- own spans end at the receiver's door: accepted, then left out (else a span about handling spans begets the next);
- the span about receiving own telemetry is not recorded, whatever receiver made it;
- own metrics pass, for they may be alerted on: their number is fixed per interval and does not grow from being carried.

Own log lines go to stderr or files and never into a pipeline.
"""

import logging
from typing import Final
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component.consumer import ACCEPTED, Consumer, Receipt
from otel_discord.signals import Batch, LogsBatch, MetricsBatch, TracesBatch

PROCESS_ID_KEY: Final = "otel_discord.process.id"
PROCESS_ID: Final = str(uuid4())
"""Names this process; in the resource of all that it pushes, and not settable."""

ABOUT_OWN_TELEMETRY: Final = "otel_discord.about_own_telemetry"
"""Attribute of a span that is not to be exported."""

_logger = logging.getLogger("otel_discord.service.telemetry")


def is_own(resource: Resource, process_id: str = PROCESS_ID) -> bool:
    """Return whether telemetry of this resource was pushed by this process."""
    return any(entry.key == PROCESS_ID_KEY and entry.value.string_value == process_id for entry in resource.attributes)


def has_own(batch: Batch, process_id: str = PROCESS_ID) -> bool:
    """Return whether any part of the batch was pushed by this process."""
    if isinstance(batch, TracesBatch):
        return any(is_own(part.resource, process_id) for part in batch.request.resource_spans)
    if isinstance(batch, MetricsBatch):
        return any(is_own(part.resource, process_id) for part in batch.request.resource_metrics)
    return any(is_own(part.resource, process_id) for part in batch.request.resource_logs)


def without_own_spans(batch: TracesBatch, process_id: str = PROCESS_ID) -> TracesBatch:
    """Return the batch without this process's spans; the batch itself where there are none."""
    foreign = [part for part in batch.request.resource_spans if not is_own(part.resource, process_id)]
    if len(foreign) == len(batch.request.resource_spans):
        return batch
    return TracesBatch(ExportTraceServiceRequest(resource_spans=foreign))


class OwnTelemetryDoor:
    """Stands between a receiver and its pipelines where own telemetry is pushed anywhere."""

    def __init__(self, next_consumer: Consumer) -> None:
        self._next = next_consumer
        self._told = False

    async def consume(self, batch: Batch) -> Receipt:
        """Pass the batch on, own spans left out; raises what the next consumer raises."""
        if isinstance(batch, LogsBatch) or not has_own(batch):
            return await self._next.consume(batch)
        trace.get_current_span().set_attribute(ABOUT_OWN_TELEMETRY, True)
        if isinstance(batch, MetricsBatch):
            return await self._next.consume(batch)
        if not self._told:
            self._told = True
            _logger.warning(
                "own spans come back to a receiver of this process and are left out; "
                "point service::telemetry::traces at another collector to keep them"
            )
        foreign = without_own_spans(batch)
        return await self._next.consume(foreign) if foreign.request.resource_spans else ACCEPTED
