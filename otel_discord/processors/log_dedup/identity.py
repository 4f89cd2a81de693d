"""What makes two log records the same: a digest over what matters in them. Pure.

Attributes and maps are the same in any order; 1, 1.0, true and "1" differ.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.processors.log_dedup.fields import find_field
from otel_discord.signals import Plain, attributes_to_dict, to_plain

DIGEST_BYTES = 16


def resource_digest(resource: Resource) -> bytes:
    """Return what tells resources apart: their attributes."""
    return _digest(_ordered(attributes_to_dict(resource.attributes)))


def scope_digest(scope: InstrumentationScope) -> bytes:
    """Return what tells scopes apart: name, version, attributes."""
    return _digest((scope.name, scope.version, _ordered(attributes_to_dict(scope.attributes))))


def record_digest(record: LogRecord, fields: Sequence[Sequence[str]] = ()) -> bytes:
    """Return what tells records apart: body, attributes, severity, event name; or, of ``fields``, those it has.

    A record with none of the fields is told apart by everything.
    """
    values = [(place, find_field(record, path)) for place, path in enumerate(fields)]
    chosen = [(place, _ordered(to_plain(value))) for place, value in values if value is not None]
    if chosen:
        return _digest(chosen)
    return _digest(
        (
            record.event_name,
            record.severity_number,
            record.severity_text,
            _ordered(to_plain(record.body)),
            _ordered(attributes_to_dict(record.attributes)),
        )
    )


def _ordered(value: Plain) -> Any:
    match value:
        case dict():
            return {key: _ordered(value[key]) for key in sorted(value)}
        case list():
            return [_ordered(item) for item in value]
        case _:
            return value


def _digest(value: Any) -> bytes:
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=DIGEST_BYTES).digest()
