"""From parsed JSON to what a protobuf constructor takes, along tables compiled once from the message descriptors.

Two steps, because both are fast: plain Python turns JSON objects into dictionaries of protobuf field names, then
protobuf's own constructor fills the whole message in C.
"""

from functools import lru_cache
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from otel_discord.signals.otlp_json_scalars import (
    Reader,
    Unreadable,
    base64_bytes,
    boolean,
    double,
    hex_id,
    integer,
    open_enum,
    string,
)

MAX_MESSAGE_DEPTH: Final = 100
"""Messages inside messages below the request, the same as protobuf's own parser allows."""

HEX_FIELDS: Final = frozenset({"trace_id", "span_id", "parent_span_id"})

_INT32: Final = integer(-(2**31), 2**31 - 1)
_UINT32: Final = integer(0, 2**32 - 1)
_INT64: Final = integer(-(2**63), 2**63 - 1)
_UINT64: Final = integer(0, 2**64 - 1)

_READERS: Final[dict[int, Reader]] = {
    FieldDescriptor.TYPE_STRING: string,
    FieldDescriptor.TYPE_BOOL: boolean,
    FieldDescriptor.TYPE_DOUBLE: double,
    FieldDescriptor.TYPE_FLOAT: double,
    FieldDescriptor.TYPE_INT32: _INT32,
    FieldDescriptor.TYPE_SINT32: _INT32,
    FieldDescriptor.TYPE_SFIXED32: _INT32,
    FieldDescriptor.TYPE_UINT32: _UINT32,
    FieldDescriptor.TYPE_FIXED32: _UINT32,
    FieldDescriptor.TYPE_INT64: _INT64,
    FieldDescriptor.TYPE_SINT64: _INT64,
    FieldDescriptor.TYPE_SFIXED64: _INT64,
    FieldDescriptor.TYPE_UINT64: _UINT64,
    FieldDescriptor.TYPE_FIXED64: _UINT64,
}

_AS_IT_IS: Final[dict[int, type]] = {FieldDescriptor.TYPE_STRING: str, FieldDescriptor.TYPE_BOOL: bool}
"""JSON values of these types need no reader, which is most of what there is."""


@lru_cache(maxsize=64)
def message_reader(descriptor: Descriptor, *, strict: bool) -> Reader:
    """Return the reader of a message and, inside it, of every message that it can hold."""
    return _compile(descriptor, strict, {})


def _compile(descriptor: Descriptor, strict: bool, compiled: dict[str, Reader]) -> Reader:
    if descriptor.full_name in compiled:
        return compiled[descriptor.full_name]
    table: dict[str, tuple[str, type | None, Reader]] = {}
    find = table.get

    def read(value: Any, depth: int) -> dict[str, Any]:
        if type(value) is not dict:
            raise Unreadable("must be an object")
        if depth > MAX_MESSAGE_DEPTH:
            raise Unreadable(f"is nested deeper than {MAX_MESSAGE_DEPTH} messages")
        fields: dict[str, Any] = {}
        key = ""
        try:
            for key, item in value.items():
                known = find(key)
                if known is None or item is None:
                    continue
                name, as_it_is, read_field = known
                fields[name] = item if type(item) is as_it_is else read_field(item, depth + 1)
        except Unreadable as problem:
            problem.path.append(key)
            raise
        return fields

    compiled[descriptor.full_name] = read  # before its fields: AnyValue holds AnyValues
    for field in descriptor.fields:
        one = _field_reader(field, strict, compiled)
        as_it_is = None if field.is_repeated else _AS_IT_IS.get(field.type)
        entry = (field.name, as_it_is, _list_of(one, field) if field.is_repeated else one)
        table[field.json_name] = entry
        if not strict:
            table.setdefault(field.name, entry)
    return read


def _field_reader(field: FieldDescriptor, strict: bool, compiled: dict[str, Reader]) -> Reader:
    if field.message_type is not None:
        return _compile(field.message_type, strict, compiled)
    if field.enum_type is not None:
        return open_enum({v.name: v.number for v in field.enum_type.values}, names=not strict)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return hex_id if field.name in HEX_FIELDS else base64_bytes
    return _READERS[field.type]


def _list_of(read_one: Reader, field: FieldDescriptor) -> Reader:
    default: Any = field.message_type is None and ("" if field.type == FieldDescriptor.TYPE_STRING else 0)

    def read(value: Any, depth: int) -> list[Any]:
        if type(value) is not list:
            raise Unreadable("must be a list")
        index = 0
        try:
            for index, item in enumerate(value):
                # In place: each JSON object is freed as soon as it is converted, so that memory does not double.
                if item is None:
                    value[index] = {} if field.message_type is not None else default
                else:
                    value[index] = read_one(item, depth)
        except Unreadable as problem:
            problem.path.append(f"[{index}]")
            raise
        return value

    return read
