"""Converters from one type to another: Bool, Double, Hex, Int, String, ParseInt, Log."""

import math
import struct
from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.declare import converter, of_value
from otel_discord.ottl.functions.numbers import fits_int64, float_from_text, float_to_text, int_from_text, int_in_base
from otel_discord.ottl.registry import Function, Kind, Parameter
from otel_discord.ottl.values import Value, as_text, type_name

_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "false", "FALSE", "False"})
BASE_MAX: Final = 36


def to_bool(value: Value) -> bool | None:
    """Return the value as a bool; nil for nil and for a text that says neither.

    Raises:
        OttlError: a bytes, list, map, time or duration.
    """
    match value:
        case bool() | None:
            return value
        case int() | float():
            return value != 0
        case str():
            return True if value in _TRUE else False if value in _FALSE else None
        case _:
            raise _cannot("a bool", value)


def to_double(value: Value) -> float | None:
    """Return the value as a double; nil for nil and for a text that is no number.

    Raises:
        OttlError: a bytes, list, map, time or duration.
    """
    match value:
        case None | float():
            return value
        case int():
            return float(value)
        case str():
            return float_from_text(value)
        case _:
            raise _cannot("a double", value)


def to_int(value: Value) -> int | None:
    """Return the value as an int, fractions cut off; nil for nil, a text that is no integer, a double too large.

    Raises:
        OttlError: a bytes, list, map, time or duration.
    """
    match value:
        case None:
            return None
        case int():
            return int(value)
        case float():
            return _whole(value)
        case str():
            return int_from_text(value)
        case _:
            raise _cannot("an int", value)


def _whole(value: float) -> int | None:
    if not math.isfinite(value):
        return None
    number = int(value)
    return number if fits_int64(number) else None


def to_string(value: Value) -> str | None:
    """Return the value as text: numbers in plain digits, bytes as hex, maps and lists as JSON; nil for nil.

    Raises:
        OttlError: a time or a duration, which need a format.
    """
    match value:
        case None | str():
            return value
        case bytes():
            return value.hex()
        case float():
            return float_to_text(value)
        case _:
            return as_text(value)


def to_hex(value: Value) -> str | None:
    """Return the value's bytes in hex: a string's UTF-8, eight bytes for a number, one for a bool; nil for nil.

    Raises:
        OttlError: a list, map, time or duration.
    """
    match value:
        case None:
            return None
        case bool():
            return "01" if value else "00"
        case int():
            return struct.pack(">q", value).hex()
        case float():
            return struct.pack(">d", value).hex()
        case str():
            return value.encode(errors="replace").hex()
        case bytes():
            return value.hex()
        case _:
            raise _cannot("hex", value)


def parse_int(text: str, base: int) -> int:
    """Return the integer that a text says in a base of 2 to 36; base 0 goes by the prefix (0b, 0o, 0x).

    Raises:
        OttlError: no such base, no integer in it, or one too large.
    """
    if base != 0 and not 2 <= base <= BASE_MAX:
        raise OttlError(f"the base must be 0 or 2 to {BASE_MAX}, not {base}")
    number = int_in_base(text, base)
    if number is None:
        raise OttlError(f"not an integer of base {base} in 64 bits")
    return number


def natural_logarithm(value: Value) -> float:
    """Return the natural logarithm of a number, or of a text that is one.

    Raises:
        OttlError: no number, or not above zero.
    """
    number = to_double(value)
    if number is None:
        raise OttlError(f"cannot take the logarithm of {type_name(value)}")
    if not number > 0:
        raise OttlError("can take the logarithm only of numbers above zero")
    return math.log(number)


def _cannot(what: str, value: Value) -> OttlError:
    return OttlError(f"cannot make {what} of {type_name(value)}")


FUNCTIONS: Final[tuple[Function, ...]] = (
    of_value("Bool", to_bool),
    of_value("Double", to_double),
    of_value("Hex", to_hex),
    of_value("Int", to_int),
    of_value("Log", natural_logarithm),
    converter("ParseInt", parse_int, Parameter("target", Kind.STRING), Parameter("base", Kind.INT)),
    of_value("String", to_string),
)
