"""What must hold at the far end: each record once, in order, intact; and on the way: nothing of it changed."""

import base64
import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.interop.far_end import FarEnd, Shown
from tests.interop.plan import CRITICAL, WARN, Plan, Record


def assert_delivered(far_end: FarEnd, plan: Plan) -> None:
    """Hold both destinations and Discord's rules against the plan."""
    everything, problems = far_end.webhook_urls
    shown = far_end.shown(everything)
    _assert_once_and_in_order(shown, plan.records)
    _assert_details(shown, plan.records)
    _assert_once_and_in_order(far_end.shown(problems), [each for each in plan.records if each.severity >= WARN])
    assert far_end.ask("violations") == []
    statistics = far_end.ask("stats")
    assert set(statistics["by_status"]) == {"200"}, statistics


def embeds_expected(plan: Plan) -> int:
    """Return how many embeds arrive over both destinations."""
    return len(plan.records) + sum(each.severity >= WARN for each in plan.records)


def _assert_once_and_in_order(shown: list[Shown], records: Iterable[Record]) -> None:
    wanted = {(record.stream, record.number): record for record in records}
    arrived = [(each.stream, each.number) for each in shown]
    assert sorted(arrived) == sorted(wanted)
    for stream in {stream for stream, _ in wanted}:
        for critical in (False, True):  # what is critical may overtake; each kind keeps its order
            numbers = [
                number
                for of, number in arrived
                if of == stream and (wanted[of, number].severity >= CRITICAL) == critical
            ]
            assert numbers == sorted(numbers), stream
    for each in shown:
        record = wanted[each.stream, each.number]
        assert _one_line(record.message) in _one_line(each.text), each


def _one_line(text: str) -> str:
    """Return a text as a title has it: a tab is a gap like any other."""
    return " ".join(text.split())


def _assert_details(shown: list[Shown], records: Iterable[Record]) -> None:
    """Hold what the preset ``full`` shows besides the text against the records."""
    wanted = {(record.stream, record.number): record for record in records}
    for each in shown:
        record = wanted[each.stream, each.number]
        assert record.trace_id in each.fields.get("trace", ""), each
        assert each.fields["order.id"] == str(record.attributes["order.id"]), each


def assert_received(path: Path, plan: Plan) -> None:
    """Compare what the pipeline got, field by field, with the plan."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for resource, record in _lines(path):
        message = _message(record)
        stream, number = message.split()[:2]
        key = (stream, int(number[1:]))
        assert key not in found, f"twice: {message}"
        found[key] = record
        assert resource["service.name"] == "interop-shop", resource
        assert resource["deployment.environment.name"] == "test", resource
    for record in plan.records:
        _assert_same(found.pop((record.stream, record.number)), record)
    assert found == {}


def _assert_same(received: Mapping[str, Any], record: Record) -> None:
    assert received["severityNumber"] == record.severity, record
    assert received.get("severityText", "") == record.severity_text, record
    assert received.get("traceId", "") == record.trace_id, record
    assert received.get("spanId", "") == record.span_id, record
    assert received.get("eventName", "") == record.event_name, record
    assert int(received.get("timeUnixNano", 0) or received["observedTimeUnixNano"]) > 0, record
    assert _same(_value(received["body"]), record.body), (received["body"], record.body)
    attributes = {item["key"]: _value(item["value"]) for item in received.get("attributes", [])}
    for key, value in record.attributes.items():
        assert _same(attributes[key], value), (key, attributes[key], value)
    if record.throws:
        assert record.message in attributes["exception.message"], attributes
        assert attributes["exception.type"], attributes
        assert attributes["exception.stacktrace"].count("\n") >= 1, attributes
    else:
        assert "exception.type" not in attributes, attributes


def _same(received: Any, planned: Any) -> bool:
    """Compare values; types too, but for the difference between 1 and 1.0 that JSON and JavaScript do not know."""
    if isinstance(planned, dict) and set(planned) == {"$bytes"}:
        return bool(received == base64.b64decode(planned["$bytes"]))
    if isinstance(planned, dict):
        return set(received) == set(planned) and all(_same(received[key], planned[key]) for key in planned)
    if isinstance(planned, list):
        return len(received) == len(planned) and all(map(_same, received, planned))
    if isinstance(planned, float):
        return isinstance(received, float) and math.isclose(received, planned, rel_tol=1e-15)
    return type(received) is type(planned) and bool(received == planned)


def _message(record: Mapping[str, Any]) -> str:
    body = _value(record["body"])
    return str(body["message"] if isinstance(body, dict) else body)


def _lines(path: Path) -> Iterable[tuple[dict[str, Any], dict[str, Any]]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        for resource_logs in json.loads(line)["resourceLogs"]:
            resource = {item["key"]: _value(item["value"]) for item in resource_logs["resource"]["attributes"]}
            for scope_logs in resource_logs["scopeLogs"]:
                for record in scope_logs["logRecords"]:
                    yield resource, record


def _value(value: Mapping[str, Any]) -> Any:
    """Return an OTLP/JSON AnyValue as a Python value."""
    ((kind, content),) = value.items()
    match kind:
        case "intValue":
            return int(content)
        case "doubleValue":
            return float(content)
        case "bytesValue":
            return base64.b64decode(content)
        case "arrayValue":
            return [_value(item) for item in content.get("values", [])]
        case "kvlistValue":
            return {item["key"]: _value(item["value"]) for item in content.get("values", [])}
    return content
