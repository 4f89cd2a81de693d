"""OTLP's AnyValue as plain Python values."""

from collections.abc import Iterable
from typing import TypeAlias

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

Plain: TypeAlias = str | bool | int | float | bytes | list["Plain"] | dict[str, "Plain"] | None


def to_plain(value: AnyValue) -> Plain:
    """Return the Python value; unset gives None. Depth is bounded by protobuf's own limit of 100 levels.

    ``string_value_strindex`` has a meaning in profiles only and counts as absent elsewhere.
    """
    if value.string_value:  # by far the most frequent; one attribute access instead of two calls
        return value.string_value
    match value.WhichOneof("value"):
        case "string_value":
            return ""
        case "int_value":
            return value.int_value
        case "double_value":
            return value.double_value
        case "bool_value":
            return value.bool_value
        case "array_value":
            return [to_plain(item) for item in value.array_value.values]
        case "kvlist_value":
            return attributes_to_dict(value.kvlist_value.values)
        case "bytes_value":
            return value.bytes_value
        case _:
            return None


def attributes_to_dict(attributes: Iterable[KeyValue]) -> dict[str, Plain]:
    """Return attributes by key; of duplicates the last one stays, entries without a key are left out."""
    return {pair.key: to_plain(pair.value) for pair in attributes if pair.key}


def find_attribute(attributes: Iterable[KeyValue], key: str) -> Plain:
    """Return one attribute's value without converting the others; None when it is absent, of duplicates the last."""
    found = None
    for pair in attributes:
        if pair.key == key:
            found = pair.value
    return None if found is None else to_plain(found)
