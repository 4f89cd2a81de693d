"""Values of an application in OTLP's form. Imports protobuf: for the sender's thread only."""

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from otel_discord.sdk.freeze import MAX_DEPTH, MAX_INT, MIN_INT, cut_middle, freeze

MAX_TEXT_BYTES: Final = 256 * 1024
_MOST_DEPTH: Final = 16
_MOST_NAME_CHARS: Final = 1024
_GAP_BYTES: Final = 100


def pairs(values: Mapping[str, Any], depth: int = _MOST_DEPTH) -> list[KeyValue]:
    """Return attributes as OTLP has them."""
    return [KeyValue(key=short_text(key), value=any_value(value, depth)) for key, value in values.items()]


def any_value(value: Any, depth: int = _MOST_DEPTH) -> AnyValue:
    """Return a value; what OTLP has no form for is told as text."""
    kind = type(value)
    if kind is str:
        return AnyValue(string_value=valid_text(value))
    if kind is bool:
        return AnyValue(bool_value=value)
    if kind is int and MIN_INT <= value <= MAX_INT:
        return AnyValue(int_value=value)
    if kind is float:
        return AnyValue(double_value=value)
    if value is None:
        return AnyValue()
    if kind is bytes:
        return AnyValue(bytes_value=value)
    if depth > 0 and kind in {tuple, list}:
        return AnyValue(array_value=ArrayValue(values=[any_value(item, depth - 1) for item in value]))
    if depth > 0 and kind is dict:
        return AnyValue(kvlist_value=KeyValueList(values=pairs(value, depth - 1)))
    frozen = freeze(value, depth=min(depth, MAX_DEPTH))  # not frozen before, as it should have been
    return any_value(frozen, depth - 1) if type(frozen) is not kind else AnyValue(string_value=valid_text(str(frozen)))


def short_text(value: Any) -> str:
    """Return a short text: a key, or the name of something."""
    text = value if type(value) is str else "" if value is None else str(freeze(value, depth=0))
    return valid_text(cut_middle(text, _MOST_NAME_CHARS))


def valid_text(text: str) -> str:
    """Return text that protobuf takes: U+FFFD for a lone surrogate, and at most MAX_TEXT_BYTES, its middle cut."""
    if text.isascii() and len(text) <= MAX_TEXT_BYTES:
        return text
    try:
        encoded = text.encode()
    except UnicodeEncodeError:  # protobuf refuses lone surrogates; those that are a pair are one character
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        encoded = text.encode()
    if len(encoded) <= MAX_TEXT_BYTES:
        return text
    half = (MAX_TEXT_BYTES - _GAP_BYTES) // 2
    gap = f"\n… {len(encoded) - 2 * half:,} bytes left out …\n"
    return encoded[:half].decode(errors="ignore") + gap + encoded[-half:].decode(errors="ignore")


def time_ns(number: int | None) -> int:
    """Return a time as the wire can carry it; 0 where there is none."""
    return min(max(int(number or 0), 0), 2**64 - 1)


def id_bytes(number: int, length: int) -> bytes:
    """Return the id of a trace or a span; empty where there is none."""
    return number.to_bytes(length, "big") if 0 < number < 1 << (8 * length) else b""
