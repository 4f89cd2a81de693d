"""Values while they are worked with: plain Python, and two for time, in nanoseconds."""

import base64
from dataclasses import dataclass
from typing import Final, TypeAlias

import orjson

from otel_discord.ottl.errors import OttlError

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Timestamp:
    """A point in time: nanoseconds since 1970-01-01T00:00:00Z."""

    ns: int


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time in nanoseconds; may be negative."""

    ns: int


Value: TypeAlias = "bool | int | float | str | bytes | list[Value] | dict[str, Value] | Timestamp | Duration | None"
"""What a getter returns and a target takes. Integers are 64 bits wide (:func:`bounded_int`)."""

_NAMES: Final[dict[type, str]] = {
    type(None): "nil",
    bool: "bool",
    int: "int",
    float: "float",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    Timestamp: "time",
    Duration: "duration",
}


def type_name(value: object) -> str:
    """Return the type's name in the language's words, for messages."""
    return kind_name(type(value))


def a_type(value: object) -> str:
    """Return the same with its article: ``an int``."""
    name = type_name(value)
    return name if name == "nil" else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def kind_name(kind: type) -> str:
    """Return the same for a type."""
    return _NAMES.get(kind, kind.__name__)


def bounded_int(value: int) -> int:
    """Return the integer when it fits 64 bits.

    Raises:
        OttlError: it does not.
    """
    if INT_MIN <= value <= INT_MAX:
        return value
    raise OttlError("the integer does not fit into 64 bits")


def as_text(value: Value) -> str:
    """Return the value as text, as the Collector does: maps and lists as JSON, bytes as base64, nil as "".

    Raises:
        OttlError: a time or a duration, whose text depends on a format; nested too deep.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case int():
            return str(value)
        case float():
            return _float_text(value)
        case bytes():
            return base64.b64encode(value).decode()
        case Timestamp() | Duration():
            raise OttlError(f"{a_type(value)} has no text; format it first")
        case _:
            return _json_text(value)


def _json_text(value: Value) -> str:
    try:
        return orjson.dumps(_json_ready(value, 0), option=orjson.OPT_SORT_KEYS).decode()
    except (orjson.JSONEncodeError, ValueError) as error:
        raise OttlError(f"the {type_name(value)} cannot be written as JSON: {error}") from None


def _json_ready(value: Value, depth: int) -> Value:
    if depth > _MAX_JSON_DEPTH:
        raise ValueError("nested too deep")
    match value:
        case list():
            return [_json_ready(member, depth + 1) for member in value]
        case dict():
            return {key: _json_ready(member, depth + 1) for key, member in value.items()}
        case bytes():
            return base64.b64encode(value).decode()
        case float() if value.is_integer() and abs(value) < _EXACT:  # as JSON has it: 1, not 1.0
            return int(value)
        case Timestamp() | Duration():
            raise ValueError(f"{a_type(value)} has no text; format it first")
        case _:
            return value


_MAX_JSON_DEPTH: Final = 200
_EXACT: Final = 2**53


def _float_text(value: float) -> str:
    """Return the shortest text that reads back the same; plain digits from 1e-6 to 1e21, as JSON in JavaScript."""
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else ("+Inf" if value > 0 else "-Inf")
    magnitude = abs(value)
    if magnitude == 0:
        return "-0" if str(value).startswith("-") else "0"
    if not 1e-6 <= magnitude < 1e21:
        mantissa, _, exponent = f"{value!r}".partition("e")
        sign, digits = exponent[0], exponent[1:].lstrip("0")
        return f"{mantissa.removesuffix('.0')}e{sign}{digits}"
    text = repr(value)
    if "e" in text:
        from decimal import Decimal

        text = format(Decimal(text), "f")
    return text.removesuffix(".0")
