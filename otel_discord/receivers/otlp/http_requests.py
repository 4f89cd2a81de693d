"""What an HTTP request asks for, decided from its line and headers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from otel_discord.receivers.otlp.config import HttpConfig
from otel_discord.receivers.otlp.decompress import too_large
from otel_discord.receivers.otlp.ingest import WireFormat
from otel_discord.receivers.otlp.refusal import Reason, Refusal
from otel_discord.signals import Signal

_FORMATS = {"application/x-protobuf": WireFormat.PROTOBUF, "application/json": WireFormat.JSON}


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """A request that carries data of a wired signal."""

    signal: Signal
    form: WireFormat
    content_encoding: str


def signal_paths(config: HttpConfig, wired: Mapping[Signal, object]) -> dict[str, Signal]:
    """Return the signal for each path that is served."""
    paths = {
        Signal.LOGS: config.logs_url_path,
        Signal.METRICS: config.metrics_url_path,
        Signal.TRACES: config.traces_url_path,
    }
    return {paths[signal]: signal for signal in wired}


def read_head(
    method: str,
    path: str,
    headers: Mapping[str, str],
    *,
    paths: Mapping[str, Signal],
    content_encodings: tuple[str, ...],
    max_body_bytes: int,
) -> ExportRequest | Refusal:
    """Return what to do with a request before its body is read, or why nothing."""
    signal = paths.get(path)
    if signal is None:
        return Refusal(Reason.NOT_FOUND, f"nothing is received at {path[:100]!r}; a pipeline may lack this receiver")
    if method != "POST":
        return Refusal(Reason.METHOD_NOT_ALLOWED, f"{method[:20]} is not allowed; send data with POST")
    form = wire_format(headers.get("Content-Type", ""))
    if form is None:
        return Refusal(Reason.UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/x-protobuf or application/json")
    content_encoding = headers.get("Content-Encoding", "").strip().lower()
    if content_encoding not in content_encodings:
        return Refusal(Reason.INVALID, f"Content-Encoding {content_encoding[:40]!r} is not supported; use gzip")
    declared = headers.get("Content-Length", "")
    if declared.isdigit() and int(declared[:20]) > max_body_bytes:
        return too_large(max_body_bytes)
    return ExportRequest(signal, form, content_encoding)


@lru_cache(maxsize=256)
def wire_format(content_type: str) -> WireFormat | None:
    """Return the format that a Content-Type names, whatever its case and parameters."""
    return _FORMATS.get(content_type.partition(";")[0].strip().lower())


def answer_format(headers: Mapping[str, str]) -> WireFormat:
    """Return the format of an answer: the request's; where that is unknown, what it accepts; for people JSON."""
    form = wire_format(headers.get("Content-Type", ""))
    if form is not None:
        return form
    return WireFormat.PROTOBUF if "application/x-protobuf" in headers.get("Accept", "") else WireFormat.JSON


def accepts_gzip(headers: Mapping[str, str]) -> bool:
    """Return whether the client reads gzipped answers."""
    for item in headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, parameters = item.partition(";")
        if coding.strip() in {"gzip", "*"}:
            return parameters.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def body_deadline_s(read_timeout_s: float, received_bytes: int) -> float:
    """Return how long after its headers a body may still be coming in: some time, and more while bytes flow."""
    return read_timeout_s + received_bytes / MIN_BODY_BYTES_PER_S


MIN_BODY_BYTES_PER_S = 65_536
"""Slower clients than that end with 408 once ``read_timeout`` has passed."""
