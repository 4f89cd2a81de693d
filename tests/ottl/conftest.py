"""Items to examine, with something in every field."""

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import ResourceLogs

from otel_discord.ottl import LogItem


def pair(key: str, **value: object) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(**value))


def log_item() -> LogItem:
    group = ResourceLogs(schema_url="https://schema/resource")
    group.resource.attributes.append(pair("service.name", string_value="shop"))
    group.resource.dropped_attributes_count = 1
    scope_logs = group.scope_logs.add(schema_url="https://schema/scope")
    scope_logs.scope.name = "shop.orders"
    scope_logs.scope.version = "1.2"
    scope_logs.scope.attributes.append(pair("team", string_value="red"))
    record = scope_logs.log_records.add(
        time_unix_nano=1_000,
        observed_time_unix_nano=2_000,
        severity_number=17,
        severity_text="ERROR",
        flags=1,
        dropped_attributes_count=3,
        trace_id=bytes(range(16)),
        span_id=bytes(range(8)),
        event_name="order.failed",
    )
    nested = KeyValueList(values=[pair("b", array_value=ArrayValue(values=[AnyValue(int_value=7), AnyValue()]))])
    record.attributes.extend(
        [
            pair("text", string_value="hello"),
            pair("empty", string_value=""),
            pair("int", int_value=42),
            pair("float", double_value=1.5),
            pair("true", bool_value=True),
            pair("bytes", bytes_value=b"\x01\x02"),
            pair("a", kvlist_value=nested),
            pair("key", string_value="text"),
            pair("list", array_value=ArrayValue(values=[AnyValue(string_value="x"), AnyValue(string_value="y")])),
            pair("twice", string_value="first"),
            pair("twice", string_value="last"),
            KeyValue(key="unset"),
        ]
    )
    record.body.string_value = "order 17 failed"
    return LogItem(record, scope_logs.scope, group.resource, scope_logs, group)


@pytest.fixture
def log() -> LogItem:
    return log_item()
