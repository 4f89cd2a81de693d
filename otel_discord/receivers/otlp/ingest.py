"""From bytes to a batch, or to the reason why not: synchronous and pure, so that any server or test can call it."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from google.protobuf.internal import api_implementation
from google.protobuf.message import DecodeError

from otel_discord.component import StartError
from otel_discord.receivers.otlp.elements import MalformedError, can_exceed, count_elements
from otel_discord.receivers.otlp.refusal import Reason, Refusal
from otel_discord.signals import OTLP_SERVICES, Batch, Signal, otlp_json

DEFAULT_MAX_ELEMENTS: Final = 1_000_000

_PARSED_BYTES_PER_BYTE: Final = 8
"""What a small request of ordinary records may grow to; it is not worth counting."""
_BYTES_PER_ELEMENT: Final = {"protobuf": 64, "json": 256}


class WireFormat(Enum):
    """How a request is written; the answer is written the same way."""

    PROTOBUF = "protobuf"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class DecodingLimits:
    """Bounds of one request and how strictly its JSON is read."""

    max_body_bytes: int
    max_elements: int = DEFAULT_MAX_ELEMENTS
    strict_json: bool = False


def require_fast_protobuf() -> None:
    """Refuse to run on protobuf's pure Python fallback: it is 100 times slower and its recursion is unbounded.

    Raises:
        StartError: that fallback is in use.
    """
    if api_implementation.Type() == "python":
        raise StartError("protobuf runs in its slow pure Python mode; install a protobuf wheel for this platform")


def weigh(signal: Signal, body: bytes, wire_format: WireFormat, limits: DecodingLimits) -> int | Refusal:
    """Return about how many bytes the decoded request will take, without decoding it, or why it is too much."""
    if not can_exceed(len(body), limits.max_elements):
        return len(body) * _PARSED_BYTES_PER_BYTE
    if wire_format is WireFormat.JSON:
        elements = body.count(b"{") + body.count(b"[")
    else:
        try:
            elements = count_elements(body, OTLP_SERVICES[signal].request.DESCRIPTOR, limits.max_elements)
        except MalformedError as error:
            return Refusal(Reason.INVALID, f"the body is not an OTLP {signal} request: {error}")
    if elements > limits.max_elements:
        return Refusal(
            Reason.TOO_LARGE,
            f"the request has more than {limits.max_elements} elements (messages in messages); send smaller batches",
        )
    return 2 * len(body) + elements * _BYTES_PER_ELEMENT[wire_format.value]


def parse(signal: Signal, body: bytes, wire_format: WireFormat, strict_json: bool = False) -> Batch | Refusal:
    """Return the batch that a body stands for; a body of no bytes is an empty request in protobuf, nothing in JSON."""
    service = OTLP_SERVICES[signal]
    try:
        if wire_format is WireFormat.JSON:
            return service.batch(otlp_json.decode(body, service.request, strict=strict_json))
        return service.batch(service.request.FromString(body))
    except otlp_json.OtlpJsonError as error:
        return Refusal(Reason.INVALID, f"the body is not an OTLP {signal} request: {error}", field=error.path)
    except DecodeError as error:
        return Refusal(Reason.INVALID, f"the body is not an OTLP {signal} request: {error}")
