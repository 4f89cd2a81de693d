"""Members' events for tests, as the SDK and other clients write them."""

from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.signals import LogsBatch
from otel_discord.signals.from_plain import from_plain
from otel_discord.testing.otlp import logs_batch

GUILD = "111122223333444455"


def user_id(number: int) -> str:
    return f"8{number:017d}"


def event(number: int, at_ns: int = 0, *, kind: str = "join", guild: str = GUILD, **facts: Any) -> LogRecord:
    told = {
        "user.id": user_id(number),
        "user.name": f"raider_{number}",
        "discord.guild.id": guild,
        "discord.guild.name": "Tea House",
    } | facts
    return LogRecord(
        time_unix_nano=at_ns,
        severity_number=9,  # type: ignore[arg-type]  # an open enum
        body=AnyValue(string_value=f"Raider {number} <@{user_id(number)}> joined"),
        event_name=f"discord.member.{kind}",
        attributes=[KeyValue(key=key, value=from_plain(value)) for key, value in told.items()],
    )


def batch(*records: LogRecord) -> LogsBatch:
    made = logs_batch(1)
    scope_logs = made.request.resource_logs[0].scope_logs[0]
    del scope_logs.log_records[:]
    scope_logs.log_records.extend(records)
    return made
