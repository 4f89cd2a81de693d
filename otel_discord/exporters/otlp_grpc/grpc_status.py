"""What an answer means: try again, or not? Pure.

Source: OTLP specification, "OTLP/gRPC Response" and "OTLP/gRPC Throttling". RetryInfo is read from the status details
(``grpc-status-details-bin``) and, as some servers send it, from ``google.rpc.retryinfo-bin``.
"""

from collections.abc import Iterable
from typing import Final

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from otel_discord.component.errors import ComponentError, PermanentError, RetryableError

RETRYABLE: Final = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
_MAX_MESSAGE_CHARS: Final = 500


def error_of(
    code: grpc.StatusCode, details: str | None, trailing_metadata: Iterable[tuple[str, str | bytes]]
) -> ComponentError:
    """Return the error that a status stands for; its reason is the code's name in lower case.

    RESOURCE_EXHAUSTED is retryable only if the server says when: without RetryInfo it is not expected to recover.
    """
    reason = code.name.lower()
    message = f"{code.name}: {(details or 'no details')[:_MAX_MESSAGE_CHARS]}"
    delay_s = retry_delay_s(trailing_metadata)
    if code in RETRYABLE or (code is grpc.StatusCode.RESOURCE_EXHAUSTED and delay_s is not None):
        return RetryableError(message, retry_after_s=delay_s, reason=reason)
    return PermanentError(message, reason=reason)


def retry_delay_s(trailing_metadata: Iterable[tuple[str, str | bytes]]) -> float | None:
    """Return the delay that the server asks for, None without RetryInfo; what cannot be read is not there."""
    for key, value in trailing_metadata:
        if not isinstance(value, bytes):
            continue
        try:
            if key == "grpc-status-details-bin":
                for detail in Status.FromString(value).details:
                    info = RetryInfo()
                    if detail.Unpack(info):
                        return _seconds(info.retry_delay)
            elif key == "google.rpc.retryinfo-bin":
                return _seconds(RetryInfo.FromString(value).retry_delay)
        except DecodeError:
            continue
    return None


def _seconds(delay: Duration) -> float:
    return max(0.0, delay.seconds + delay.nanos / 1e9)
