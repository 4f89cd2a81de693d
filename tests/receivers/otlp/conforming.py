"""What the tests of the OTLP checklist send, and one record on its way through."""

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.signals import otlp_json
from otel_discord.testing.otlp import logs_request, metrics_request, traces_request
from tests.receivers.otlp.rig import JSON, running

LOGS = logs_request(3)
LOGS_BYTES = LOGS.SerializeToString()
LOGS_JSON = otlp_json.encode(LOGS)
ALL = {
    "logs": (logs_request(2), ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (metrics_request(3), ExportMetricsServiceResponse, "rejected_data_points"),
    "traces": (traces_request(4), ExportTraceServiceResponse, "rejected_spans"),
}
UNKNOWN_BYTES = b"\xff\xff\xff\xff"


def record_json(**fields: object) -> bytes:
    return orjson.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [fields]}]}]})


async def received(record: dict[str, object], **changes: object) -> LogRecord:
    """Send one record as JSON over HTTP and return it as the pipeline gets it."""
    async with running(**changes) as otlp:
        reply = await otlp.post(record_json(**record), JSON)
        assert reply.status == 200, reply.body
        (only,) = otlp.sink.log_records
        return only
