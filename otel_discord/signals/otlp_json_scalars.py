"""Single values of OTLP/JSON: numbers, bytes, ids and enums, as readers that a table can hold.

Source: OTLP specification, "JSON Protobuf Encoding", on top of the ProtoJSON mapping: 64-bit integers as numbers or
strings, NaN and infinities as strings, bytes as base64, but trace and span ids as hex in any case.
"""

import binascii
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

Reader: TypeAlias = Callable[[Any, int], Any]
"""Takes a JSON value and its message depth, returns what the protobuf constructor takes."""

_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,400})?(?:[eE][-+]?[0-9]{1,4})?")
_SPECIAL_DOUBLES: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_INT64_DIGITS: Final = 20
_URL_SAFE: Final = str.maketrans("-_", "+/")


class Unreadable(Exception):  # noqa: N818 - it travels upwards and gathers its path, it is not yet an error
    """A value that its field cannot hold; ``path`` is gathered from the inside out on its way up."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.path: list[str] = []


def integer(low: int, high: int) -> Reader:
    """Return a reader of integers from ``low`` to ``high``, written as a number or as a decimal string."""

    def read(value: Any, _depth: int) -> int:
        kind = type(value)
        if kind is str:
            number = (
                int(value) if value.isdigit() and value.isascii() and len(value) <= _INT64_DIGITS else _exact(value)
            )
        elif kind is int:
            number = value
        elif kind is float and value.is_integer():
            number = int(value)
        else:
            raise Unreadable("must be an integer, as a number or a decimal string")
        if low <= number <= high:
            return number
        raise Unreadable(f"is out of range ({low} to {high})")

    return read


def _exact(text: str) -> int:
    """Return the whole number that ``-5``, ``1.0`` or ``1.79e18`` stands for."""
    if _NUMBER.fullmatch(text):
        number = Decimal(text)
        if number.adjusted() <= _INT64_DIGITS and number == number.to_integral_value():
            return int(number)
    raise Unreadable("must be an integer, as a number or a decimal string")


def double(value: Any, _depth: int) -> float:
    """Read a double: a number, a number in a string, or one of the three special words."""
    kind = type(value)
    if kind is float or kind is int:
        return float(value)
    if kind is str:
        if value in _SPECIAL_DOUBLES:
            return _SPECIAL_DOUBLES[value]
        if _NUMBER.fullmatch(value):
            return float(value)
    raise Unreadable('must be a number, "NaN", "Infinity" or "-Infinity"')


def boolean(value: Any, _depth: int) -> bool:
    """Read true or false, nothing that merely looks like them."""
    if type(value) is bool:
        return value
    raise Unreadable("must be true or false")


def string(value: Any, _depth: int) -> str:
    """Read a string."""
    if type(value) is str:
        return value
    raise Unreadable("must be a string")


def hex_id(value: Any, _depth: int) -> bytes:
    """Read a trace or span id: hex digits in any case, never base64."""
    if type(value) is str:
        try:
            return binascii.unhexlify(value)
        except ValueError:  # binascii.Error is one; a character outside ASCII raises the plain one
            pass
    raise Unreadable("must be hexadecimal digits, two for each byte")


def base64_bytes(value: Any, _depth: int) -> bytes:
    """Read base64, standard or URL-safe, with or without padding."""
    if type(value) is str and value.isascii():
        text = value.translate(_URL_SAFE).rstrip("=")
        try:
            return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
        except binascii.Error:
            pass
    raise Unreadable("must be base64")


def open_enum(numbers_by_name: Mapping[str, int], *, names: bool) -> Reader:
    """Return a reader of an enum: any int32, since OTLP's enums are open.

    With ``names`` also its names, where an unknown name is 0, as in the Collector.
    """
    read_number = integer(-(2**31), 2**31 - 1)

    def read(value: Any, depth: int) -> Any:
        if type(value) is str:
            if not names:
                raise Unreadable("must be the enum's number, not its name")
            if not _NUMBER.fullmatch(value):
                return numbers_by_name.get(value, 0)
        return read_number(value, depth)

    return read
