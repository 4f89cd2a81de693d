"""The data that is sent: 512 records as an application with a web framework would write them, about 400 bytes each."""

import time
from functools import lru_cache
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.signals import Severity, otlp_json
from otel_discord.testing.otlp import any_value, key_values

RECORDS: Final = 512
"""What an SDK's batch processor sends at once."""

_RESOURCE: Final = {
    "service.name": "checkout",
    "service.namespace": "shop",
    "service.version": "2.14.0",
    "deployment.environment.name": "production",
    "host.name": "node-7.example",
    "telemetry.sdk.language": "python",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": "1.39.0",
}
_TRACE: Final = "Traceback (most recent call last):\n" + "".join(
    f'  File "/srv/shop/layer_{level}.py", line {level * 7 + 3}, in call_{level}\n    return call_{level + 1}(order)\n'
    for level in range(12)
)


def logs_request(
    count: int = RECORDS, *, first: int = 0, severity: int = Severity.INFO, with_exception_every: int = 0
) -> ExportLogsServiceRequest:
    """Return records numbered from ``first``: a body of about 120 bytes, six attributes, trace ids.

    Args:
        count: how many.
        first: number of the first, shown as ``record N`` in its body.
        severity: of all of them.
        with_exception_every: each n-th carries an exception with a stack trace; 0: none.
    """
    now_ns = time.time_ns()
    request = ExportLogsServiceRequest()
    resource_logs = request.resource_logs.add()
    resource_logs.resource.attributes.extend(key_values(_RESOURCE))
    scope_logs = resource_logs.scope_logs.add()
    scope_logs.scope.name = "shop.orders"
    for number in range(first, first + count):
        record = scope_logs.log_records.add()
        record.time_unix_nano = record.observed_time_unix_nano = now_ns
        record.severity_number = severity  # type: ignore[assignment]
        record.severity_text = "INFO" if severity < Severity.WARN else "ERROR"
        text = f"record {number}: could not reserve stock for order 4711-{number}: the warehouse did not answer in time"
        record.body.CopyFrom(any_value(f"{text}, tried 3 times"))
        record.trace_id = (number + 1).to_bytes(16, "big")
        record.span_id = (number + 1).to_bytes(8, "big")
        attributes = {
            "code.file.path": "/srv/shop/orders.py",
            "code.function.name": "orders.reserve",
            "http.route": "/orders/{id}",
            "order.id": f"4711-{number}",
            "http.response.status_code": 503,
            "duration_s": 1.25,
        }
        if with_exception_every and number % with_exception_every == 0:
            attributes |= {
                "exception.type": "shop.stock.WarehouseTimeout",
                "exception.message": "no answer within 1.25 s",
                "exception.stacktrace": f"{_TRACE}shop.stock.WarehouseTimeout: no answer within 1.25 s",
            }
        record.attributes.extend(key_values(attributes))
    return request


@lru_cache
def request_body(severity: int = Severity.INFO) -> bytes:
    """Return the request of :data:`RECORDS` records, in protobuf."""
    return logs_request(severity=severity).SerializeToString()


@lru_cache
def json_body(severity: int = Severity.INFO) -> bytes:
    """Return the same request as OTLP/JSON."""
    return otlp_json.encode(logs_request(severity=severity))
