"""From a receipt or a refusal to what each transport says: status, message, details. Pure.

Source: OTLP specification, sections "OTLP/gRPC Response" and "OTLP/HTTP Response". Only UNAVAILABLE and 503 ask for
another try; whatever can never succeed gets a code that no client repeats.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status

from otel_discord.component import ACCEPTED, PermanentError, Receipt, RetryableError
from otel_discord.receivers.otlp.ingest import WireFormat
from otel_discord.receivers.otlp.refusal import DEFAULT_RETRY_DELAY_S, MAX_RETRY_DELAY_S, Reason, Refusal
from otel_discord.signals import OTLP_SERVICES, Signal, otlp_json

MAX_ERROR_MESSAGE_BYTES: Final = 1024
"""gRPC carries errors in trailers, three times as long when percent-encoded, and clients read 8 KiB of them."""
MAX_PARTIAL_MESSAGE_BYTES: Final = 16_384

CONTENT_TYPES: Final = {WireFormat.PROTOBUF: "application/x-protobuf", WireFormat.JSON: "application/json"}

GRPC_CODES: Final = {
    Reason.INVALID: 3,  # INVALID_ARGUMENT
    Reason.TOO_LARGE: 8,  # RESOURCE_EXHAUSTED; without RetryInfo no client repeats it
    Reason.UNAUTHENTICATED: 16,
    Reason.NOT_FOUND: 12,  # UNIMPLEMENTED
    Reason.METHOD_NOT_ALLOWED: 12,
    Reason.UNSUPPORTED_MEDIA_TYPE: 3,
    Reason.TIMED_OUT: 4,  # DEADLINE_EXCEEDED
    Reason.UNAVAILABLE: 14,
}
HTTP_STATUSES: Final = {
    Reason.INVALID: 400,
    Reason.TOO_LARGE: 413,
    Reason.UNAUTHENTICATED: 401,
    Reason.NOT_FOUND: 404,
    Reason.METHOD_NOT_ALLOWED: 405,
    Reason.UNSUPPORTED_MEDIA_TYPE: 415,
    Reason.TIMED_OUT: 408,
    Reason.UNAVAILABLE: 503,
}

_ITEMS: Final = {Signal.LOGS: "log records", Signal.METRICS: "data points", Signal.TRACES: "spans"}
_FULL_SUCCESS: Final = {WireFormat.PROTOBUF: b"", WireFormat.JSON: b"{}"}


@dataclass(frozen=True, slots=True)
class GrpcError:
    """What an RPC is aborted with: code, message and trailing metadata."""

    code: int
    message: str
    trailers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, headers and body of an HTTP response."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def refusal_of(error: Exception) -> Refusal:
    """Return what a pipeline's error means for the client.

    An exception that is no component's error is a failure of ours about which nothing is known. It is answered as
    one that may pass, as the Collector does: the client keeps the data and every client ends its tries by itself,
    while a permanent answer would drop data that may be perfectly good.
    """
    if isinstance(error, PermanentError):
        return Refusal(Reason.INVALID, error.outside or "the pipeline refused the data for good")
    if isinstance(error, RetryableError):
        delay_s = DEFAULT_RETRY_DELAY_S if error.retry_after_s is None else error.retry_after_s
        if not 0 < delay_s <= MAX_RETRY_DELAY_S:  # NaN too
            delay_s = MAX_RETRY_DELAY_S if delay_s > 0 else DEFAULT_RETRY_DELAY_S
        return Refusal(Reason.UNAVAILABLE, error.outside or "the pipeline is busy; try again", retry_after_s=delay_s)
    return Refusal(Reason.UNAVAILABLE, "the pipeline failed; its log says why; try again")


def success_body(signal: Signal, receipt: Receipt, wire_format: WireFormat) -> bytes:
    """Return the response message: empty after full success, else with partial_success, counts exact."""
    if receipt is ACCEPTED or (receipt.rejected <= 0 and not receipt.message):
        return _FULL_SUCCESS[wire_format]
    service = OTLP_SERVICES[signal]
    message = receipt.message or f"{receipt.rejected} {_ITEMS[signal]} were rejected; do not send them again"
    response = service.response()
    response.partial_success.error_message = shorten(message, MAX_PARTIAL_MESSAGE_BYTES)
    setattr(response.partial_success, service.rejected_field, max(0, receipt.rejected))
    serialized: bytes = response.SerializeToString()
    return otlp_json.encode(response) if wire_format is WireFormat.JSON else serialized


def grpc_error(refusal: Refusal) -> GrpcError:
    """Return what aborts the RPC. RetryInfo goes twice: clients differ in where they look for it."""
    status = status_of(refusal)
    trailers: list[tuple[str, bytes]] = [("grpc-status-details-bin", status.SerializeToString())]
    if refusal.retryable:
        trailers.append(("google.rpc.retryinfo-bin", _retry_info(refusal).SerializeToString()))
    return GrpcError(status.code, status.message, tuple(trailers))


def http_error(refusal: Refusal, wire_format: WireFormat) -> HttpAnswer:
    """Return the response: a google.rpc.Status in the request's own format."""
    headers = {"Content-Type": CONTENT_TYPES[wire_format]}
    if refusal.retryable:
        headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_after_s)))
    if refusal.reason is Reason.METHOD_NOT_ALLOWED:
        headers["Allow"] = "POST"
    if refusal.reason is Reason.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = "Bearer"
    status = status_of(refusal)
    body = status.SerializeToString() if wire_format is WireFormat.PROTOBUF else _status_json(refusal, status)
    return HttpAnswer(HTTP_STATUSES[refusal.reason], body, headers)


def status_of(refusal: Refusal) -> Status:
    """Return the google.rpc.Status of a refusal: BadRequest detail for bad data, RetryInfo where it may pass."""
    message = shorten(refusal.message, MAX_ERROR_MESSAGE_BYTES)
    details: list[AnyMessage] = []
    if refusal.reason is Reason.INVALID:
        details.append(_packed(BadRequest(field_violations=[{"field": refusal.field, "description": message}])))
    elif refusal.retryable:
        details.append(_packed(_retry_info(refusal)))
    return Status(code=GRPC_CODES[refusal.reason], message=message, details=details)


def shorten(text: str, max_bytes: int) -> str:
    """Return the text, cut in the middle to ``max_bytes`` of UTF-8; half a surrogate pair becomes ``?``."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= max_bytes:
        return encoded.decode()
    half = (max_bytes - 3) // 2
    return f"{encoded[:half].decode(errors='ignore')}…{encoded[-half:].decode(errors='ignore')}"


def _packed(detail: Any) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail)
    return packed


def _retry_info(refusal: Refusal) -> RetryInfo:
    seconds = int(refusal.retry_after_s)
    nanos = int((refusal.retry_after_s - seconds) * 1e9)
    return RetryInfo(retry_delay=Duration(seconds=seconds, nanos=nanos))


def _status_json(refusal: Refusal, status: Status) -> bytes:
    details: list[dict[str, Any]] = []
    if refusal.reason is Reason.INVALID:
        violation = {"field": refusal.field, "description": status.message}
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]})
    elif refusal.retryable:
        delay = f"{refusal.retry_after_s:.9f}".rstrip("0").rstrip(".")
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{delay}s"})
    return orjson.dumps({"code": status.code, "message": status.message, "details": details})
