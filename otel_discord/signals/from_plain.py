"""Plain Python values as OTLP's AnyValue: the way back of ``any_value``."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList


def from_plain(value: Any) -> AnyValue:
    """Return the AnyValue of a text, bool, int, float, bytes, list, map or None.

    Raises:
        ValueError: an integer outside of 64 bits, or a value of another type.
    """
    match value:
        case None:
            return AnyValue()
        case str():
            return AnyValue(string_value=value)
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case bytes():
            return AnyValue(bytes_value=value)
        case list() | tuple():
            return AnyValue(array_value=ArrayValue(values=[from_plain(item) for item in value]))
        case Mapping():
            pairs = [KeyValue(key=str(key), value=from_plain(item)) for key, item in value.items()]
            return AnyValue(kvlist_value=KeyValueList(values=pairs))
        case _:
            raise ValueError(f"a {type(value).__name__} cannot be an attribute's value")
