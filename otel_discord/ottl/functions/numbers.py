"""Numbers read from text and written as text, as Go reads and writes them; integers have 64 bits."""

import re
from decimal import Decimal
from typing import Final

from otel_discord.ottl.values import INT_MAX, INT_MIN

_DIGITS_MAX: Final = 70  # 64 binary digits, a prefix and a sign
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_FLOAT: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEX_FLOAT: Final = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)[pP][+-]?[0-9]{1,6}")
_NAMED_FLOATS: Final = {"nan", *(sign + name for sign in ("", "+", "-") for name in ("inf", "infinity"))}
_PREFIXES: Final = {"0b": 2, "0o": 8, "0x": 16}


def fits_int64(number: int) -> bool:
    """Whether OTLP can carry the integer."""
    return INT_MIN <= number <= INT_MAX


def wrapped_int64(number: int) -> int:
    """Return the integer whose lowest 64 bits these are, two's complement."""
    return (number - INT_MIN) % 2**64 + INT_MIN


def int_from_text(text: str) -> int | None:
    """Return a decimal integer; None where the text is no such, or does not fit 64 bits."""
    return int_in_base(text, 10) if _WHOLE.fullmatch(text) else None


def int_in_base(text: str, base: int) -> int | None:
    """Return an integer in a base of 2 to 36, or by its prefix where the base is 0 (then with ``_`` between digits).

    None where the text is no such number or it does not fit 64 bits. Source of the rule: Go, strconv.ParseInt.
    """
    sign, digits = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
    if base == 0:
        base, digits, well_formed = _by_prefix(digits.lower())
        if not well_formed:
            return None
    if not digits.isascii() or not digits.isalnum():
        return None
    digits = digits.lstrip("0") or "0"
    if len(digits) > _DIGITS_MAX:
        return None
    try:
        number = int(sign + digits, base)
    except ValueError:
        return None
    return number if fits_int64(number) else None


def _by_prefix(digits: str) -> tuple[int, str, bool]:
    base = _PREFIXES.get(digits[:2], 0)
    if base:
        rest = digits[2:].removeprefix("_")
    elif len(digits) > 1 and digits.startswith("0"):
        base, rest = 8, digits[1:].removeprefix("_")
    else:
        base, rest = 10, digits
    well_formed = not rest.startswith("_") and not rest.endswith("_") and "__" not in rest
    return base, rest.replace("_", ""), well_formed


def float_from_text(text: str) -> float | None:
    """Return a number as Go's strconv.ParseFloat reads it; None where it is none or is out of range."""
    if text.lower() in _NAMED_FLOATS:
        return float(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return None if number in (float("inf"), float("-inf")) else number
    if _HEX_FLOAT.fullmatch(text):
        try:
            return float.fromhex(text)
        except OverflowError:
            return None
    return None


def float_to_text(number: float) -> str:
    """Return the shortest decimal digits that give the number back, never with an exponent: ``55``, ``0.000001``."""
    named = _not_finite(number)
    return named or format(Decimal(repr(number)), "f").removesuffix(".0")


def _not_finite(number: float) -> str:
    if number != number:
        return "NaN"
    return {float("inf"): "+Inf", float("-inf"): "-Inf"}.get(number, "")
