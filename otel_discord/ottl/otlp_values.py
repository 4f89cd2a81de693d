"""Between OTLP's AnyValue and plain values, and steps into nested ones without converting the rest."""

from collections.abc import Iterable, MutableSequence
from typing import Any, Final, TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.values import Value, a_type, type_name
from otel_discord.signals import to_plain as to_signal
from otel_discord.signals.from_plain import from_plain

MAX_DEPTH: Final = 30
"""How deep a written value may nest: protobuf reads back 100 levels, of which a map takes three (value, list of pairs,
pair), and the request and the record have some of their own."""

Key: TypeAlias = str | int
Pairs: TypeAlias = Any
"""A repeated field of KeyValue."""


def to_plain(value: AnyValue) -> Value:
    """Return the plain value."""
    return to_signal(value)  # type: ignore[return-value]  # a Value may be a time too, so its lists are others


def find(pairs: Iterable[KeyValue], key: str) -> AnyValue | None:
    """Return the value of a key, of duplicates the last."""
    found = None
    for pair in pairs:
        if pair.key == key:
            found = pair
    return None if found is None else found.value


def to_any(value: Value, depth: int = 0) -> AnyValue:
    """Return the AnyValue.

    Raises:
        OttlError: a time or duration, an integer beyond 64 bits, text that is no Unicode, nested too deep.
    """
    if depth > MAX_DEPTH:
        raise OttlError(f"nested deeper than {MAX_DEPTH} levels")
    try:
        match value:
            case None | str() | bool() | int() | float() | bytes():
                return from_plain(value)
            case list():
                return AnyValue(array_value=ArrayValue(values=[to_any(member, depth + 1) for member in value]))
            case dict():
                return AnyValue(kvlist_value=KeyValueList(values=to_pairs(value, depth + 1)))
            case _:
                raise OttlError(f"{a_type(value)} cannot be stored; make it an int or a string first")
    except (TypeError, ValueError) as error:
        raise OttlError(f"the {type_name(value)} cannot be stored: {error}") from None


def to_pairs(value: dict[str, Value], depth: int = 0) -> list[KeyValue]:
    """Return key-value pairs; raises as :func:`to_any`."""
    return [KeyValue(key=key, value=to_any(member, depth)) for key, member in value.items()]


def replace_pairs(pairs: Pairs, value: Value) -> None:
    """Write a whole map."""
    if not isinstance(value, dict):
        raise OttlError(f"expected a map, found {type_name(value)}")
    new = to_pairs(value)
    del pairs[:]
    pairs.extend(new)


def read_pairs(pairs: Iterable[KeyValue], keys: list[Key]) -> Value:
    """Return the value under a path of keys, None where a map has no such key.

    Raises:
        OttlError: a key on a value that has none, a list's index out of bounds.
    """
    value = find(pairs, text_key(keys[0]))
    return None if value is None else read_any(value, keys[1:])


def read_any(value: AnyValue, keys: list[Key]) -> Value:
    """As :func:`read_pairs`, from a value."""
    for key in keys:
        kind = value.WhichOneof("value")
        if kind == "kvlist_value":
            found = find(value.kvlist_value.values, text_key(key))
            if found is None:
                return None
            value = found
        elif kind == "array_value":
            values = value.array_value.values
            value = values[list_index(key, len(values))]
        else:
            raise not_indexable(to_plain(value))
    return to_plain(value)


def write_pairs(pairs: Pairs, keys: list[Key], value: Value) -> None:
    """Write under a path of keys; maps on the way are made when missing. Raises as reading does, and :func:`to_any`."""
    new = to_any(value)
    _write(_slot(pairs, text_key(keys[0])), keys[1:], new)


def write_any(target: AnyValue, keys: list[Key], value: Value) -> None:
    """As :func:`write_pairs`, in a value."""
    _write(target, keys, to_any(value))


def _write(target: AnyValue, keys: list[Key], new: AnyValue) -> None:
    for key in keys:
        kind = target.WhichOneof("value")
        if kind is None:
            kind = "kvlist_value" if isinstance(key, str) else "array_value"
        if kind == "kvlist_value":
            target = _slot(target.kvlist_value.values, text_key(key))
        elif kind == "array_value":
            values: MutableSequence[AnyValue] = target.array_value.values
            target = values[list_index(key, len(values))]
        else:
            raise not_indexable(to_plain(target))
    target.CopyFrom(new)


def _slot(pairs: Pairs, key: str) -> AnyValue:
    found = find(pairs, key)
    if found is not None:
        return found
    added: AnyValue = pairs.add(key=key).value
    return added


def text_key(key: Key) -> str:
    """Return a map's key.

    Raises:
        OttlError: it is an index.
    """
    if isinstance(key, str):
        return key
    raise OttlError("a map's key is a string, not an int")


def list_index(key: Key, length: int) -> int:
    """Return a list's index.

    Raises:
        OttlError: it is no int, or out of bounds.
    """
    if isinstance(key, str):
        raise OttlError("a list's index is an int, not a string")
    if not 0 <= key < length:
        raise OttlError(f"index {key} is out of bounds for a list of {length}")
    return key


def not_indexable(value: Value) -> OttlError:
    """Return the error for a key on a value that takes none."""
    return OttlError(f"{a_type(value)} cannot be indexed")
