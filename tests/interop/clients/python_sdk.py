"""Sends a plan with the OpenTelemetry SDK for Python: ``python_sdk.py PLAN``; the rest is said by OTEL_ variables."""

import base64
import json
import logging
import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context


def main() -> int:
    logging.basicConfig(level=logging.WARNING)
    plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    provider = LoggerProvider(resource=Resource.create())
    provider.add_log_record_processor(BatchLogRecordProcessor(_exporter()))
    threads = [
        threading.Thread(target=_send, args=(provider, stream, plan["flush_each"])) for stream in plan["streams"]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flushed = provider.force_flush()
    provider.shutdown()
    return 0 if flushed else 1


def _exporter() -> LogRecordExporter:
    if os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter

        return GrpcExporter()
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpExporter

    return HttpExporter()


def _send(provider: LoggerProvider, stream: list[dict[str, Any]], flush_each: int) -> None:
    logger = provider.get_logger("interop.python", "1.2.3")
    for index, record in enumerate(stream, 1):
        _emit(logger, record)
        if flush_each and index % flush_each == 0:
            provider.force_flush()


def _emit(logger: Logger, record: dict[str, Any]) -> None:
    attributes = {key: _value(value) for key, value in record["attributes"].items()}
    if record["throws"]:
        try:
            _decline(record["message"])
        except ValueError as error:
            attributes["exception.type"] = type(error).__qualname__
            attributes["exception.message"] = str(error)
            attributes["exception.stacktrace"] = "".join(traceback.format_exception(error))
    logger.emit(
        LogRecord(
            timestamp=time.time_ns(),
            context=_context(record),
            severity_number=SeverityNumber(record["severity"]),
            severity_text=record["severity_text"] or None,
            body=record["body"],
            attributes=attributes,
            event_name=record["event_name"] or None,
        )
    )


def _decline(message: str) -> None:
    raise ValueError(message)


def _value(value: Any) -> Any:
    return base64.b64decode(value["$bytes"]) if isinstance(value, dict) and "$bytes" in value else value


def _context(record: dict[str, Any]) -> Context | None:
    if not record["trace_id"]:
        return None
    span = SpanContext(
        int(record["trace_id"], 16), int(record["span_id"], 16), is_remote=False, trace_flags=TraceFlags(1)
    )
    return set_span_in_context(NonRecordingSpan(span), trace.context_api.Context())


if __name__ == "__main__":
    sys.exit(main())
