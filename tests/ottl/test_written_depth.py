"""What has been written can be read back: a deeper value would be a batch that no queue and no receiver can decode."""

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.ottl import ContextKind, LogItem, OttlError, parse_statement
from otel_discord.ottl.functions.json_value import JSON_DEPTH_MAX
from otel_discord.ottl.otlp_values import MAX_DEPTH, to_any


def nested(depth: int, around: Callable[[Any], Any]) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = around(value)
    return value


@pytest.mark.parametrize("around", [lambda value: [value], lambda value: {"key": value}], ids=["lists", "maps"])
def test_the_deepest_value_can_be_read_back(around: Callable[[Any], Any]) -> None:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.attributes.add(key="a").value.CopyFrom(to_any(nested(MAX_DEPTH, around)))
    assert ExportLogsServiceRequest.FromString(request.SerializeToString()) == request
    with pytest.raises(OttlError, match="nested deeper"):
        to_any(nested(MAX_DEPTH + 1, around))


def test_what_json_says_can_be_written() -> None:
    request = ExportLogsServiceRequest()
    logs = request.resource_logs.add()
    record = logs.scope_logs.add().log_records.add()
    record.body.string_value = '{"a":' * JSON_DEPTH_MAX + "1" + "}" * JSON_DEPTH_MAX
    statement = parse_statement('set(attributes["x"], ParseJSON(body))', ContextKind.LOG)
    statement.run(LogItem(record, logs.scope_logs[0].scope, logs.resource))
    assert ExportLogsServiceRequest.FromString(request.SerializeToString()) == request
    assert record.attributes[0].value.HasField("kvlist_value")
