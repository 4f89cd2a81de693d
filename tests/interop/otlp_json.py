"""OTLP/JSON requests written by hand, as a shell script would."""

import json
import time
from collections.abc import Sequence
from typing import Any

from tests.interop.plan import Record

RESOURCE = {"service.name": "interop-shop", "deployment.environment.name": "test"}


def request(records: Sequence[Record]) -> bytes:
    scope = {
        "scope": {"name": "interop.json", "version": "1.2.3"},
        "logRecords": [_log_record(each) for each in records],
    }
    resource = {"attributes": [pair(key, value) for key, value in RESOURCE.items()]}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]}, ensure_ascii=False).encode()


def _log_record(record: Record) -> dict[str, Any]:
    attributes = dict(record.attributes)
    if record.throws:
        attributes |= {"exception.type": "ShellError", "exception.message": record.message}
        attributes["exception.stacktrace"] = f"ShellError: {record.message}\n  at deploy.sh:12\n  at main.sh:3"
    return {
        "timeUnixNano": str(time.time_ns()),
        "severityNumber": record.severity,
        "severityText": record.severity_text,
        "body": _any_value(record.body),
        "attributes": [pair(key, value) for key, value in attributes.items()],
        "traceId": record.trace_id,
        "spanId": record.span_id,
        "eventName": record.event_name,
    }


def pair(key: str, value: Any) -> dict[str, Any]:
    return {"key": key, "value": _any_value(value)}


def _any_value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [_any_value(item) for item in value]}}
        case {"$bytes": encoded}:
            return {"bytesValue": encoded}
        case _:
            return {"kvlistValue": {"values": [pair(key, item) for key, item in value.items()]}}
