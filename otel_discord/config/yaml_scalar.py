"""What a plain (unquoted) YAML scalar is: YAML 1.2 with the Collector's two additions, ``0123`` octal and ``1_000``.

Unlike YAML 1.1, ``yes`` and ``on`` are text (a field of true or false still takes them), ``22:00`` is text and not
1320, and a date is text.
"""

import math
import re
from typing import Final

from otel_discord.config.raw_text import RawText

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_BASED: Final = re.compile(r"([-+]?)0(?:([xX])([0-9a-fA-F_]+)|([oO]?)([0-7_]+)|([bB])([01_]+))")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INF: Final = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_MAX_DIGITS: Final = 400


def resolve_plain(text: str) -> str | int | float | bool | None:
    """Return the value of a plain scalar; a number not written as Python would is a RawText that knows its value."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    number = _number(text)
    if number is None:
        return text
    return number if str(number) == text else RawText(text, number)


def _number(text: str) -> int | float | None:
    if not text or len(text) > _MAX_DIGITS or text[0] not in "+-.0123456789":
        return None
    if _INT.fullmatch(text):
        return int(text.replace("_", ""))
    if based := _BASED.fullmatch(text):
        sign, hexadecimal, hex_digits, _, octal_digits, binary, binary_digits = based.groups()
        digits = (hex_digits or octal_digits or binary_digits).replace("_", "")
        if not digits:
            return None
        base = 16 if hexadecimal else 2 if binary else 8
        return int(f"{sign}{digits}", base)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    if infinite := _INF.fullmatch(text):
        return -math.inf if infinite[1] == "-" else math.inf
    return math.nan if text in {".nan", ".NaN", ".NAN"} else None
