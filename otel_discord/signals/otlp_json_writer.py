"""From protobuf messages to JSON values, along tables compiled once from the message descriptors."""

import math
from base64 import b64encode
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from otel_discord.signals.otlp_json_reader import HEX_FIELDS, MAX_MESSAGE_DEPTH

Writer: TypeAlias = Callable[[Any, int], Any]
"""Takes a protobuf value and its message depth, returns what JSON holds."""

_WRITTEN_AS_STRINGS: Final = frozenset(
    {
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_SINT64,
        FieldDescriptor.TYPE_SFIXED64,
        FieldDescriptor.TYPE_UINT64,
        FieldDescriptor.TYPE_FIXED64,
    }
)


@lru_cache(maxsize=64)
def message_writer(descriptor: Descriptor) -> Writer:
    """Return the writer of a message and, inside it, of every message that it can hold."""
    return _compile(descriptor, {})


def _compile(descriptor: Descriptor, compiled: dict[str, Writer]) -> Writer:
    if descriptor.full_name in compiled:
        return compiled[descriptor.full_name]
    table: dict[int, tuple[str, Writer]] = {}

    def write(message: Message, depth: int) -> dict[str, Any]:
        if depth > MAX_MESSAGE_DEPTH:
            raise ValueError(f"a message is nested deeper than {MAX_MESSAGE_DEPTH} messages")
        fields: dict[str, Any] = {}
        for field, value in message.ListFields():
            name, write_field = table[field.number]
            fields[name] = write_field(value, depth + 1)
        return fields

    compiled[descriptor.full_name] = write
    for field in descriptor.fields:
        one = _field_writer(field, compiled)
        table[field.number] = (field.json_name, _list_of(one) if field.is_repeated else one)
    return write


def _field_writer(field: FieldDescriptor, compiled: dict[str, Writer]) -> Writer:
    if field.message_type is not None:
        return _compile(field.message_type, compiled)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _write_hex if field.name in HEX_FIELDS else _write_base64
    if field.type in _WRITTEN_AS_STRINGS:
        return _write_decimal
    if field.type in {FieldDescriptor.TYPE_DOUBLE, FieldDescriptor.TYPE_FLOAT}:
        return _write_double
    return _write_as_it_is


def _list_of(write_one: Writer) -> Writer:
    def write(values: Any, depth: int) -> list[Any]:
        return [write_one(value, depth) for value in values]

    return write


def _write_as_it_is(value: Any, _depth: int) -> Any:
    return value


def _write_decimal(value: int, _depth: int) -> str:
    return str(value)


def _write_hex(value: bytes, _depth: int) -> str:
    return value.hex()


def _write_base64(value: bytes, _depth: int) -> str:
    return b64encode(value).decode("ascii")


def _write_double(value: float, _depth: int) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
