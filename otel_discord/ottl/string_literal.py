"""Strings in quotes, with Go's escapes."""

import re
from typing import Final

_ESCAPE: Final = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{3}|.)", re.DOTALL)
_SIMPLE: Final = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}


class BadEscapeError(ValueError):
    """An escape that does not exist; ``offset`` counts from the opening quote."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


def unquote(quoted: str) -> str:
    """Return what a literal with its quotes stands for.

    Raises:
        BadEscapeError: an unknown escape, or bytes that are no UTF-8.
    """
    inner = quoted[1:-1]
    if "\\" not in inner:
        return inner
    parts: list[bytes] = []
    at = 0
    for escape in _ESCAPE.finditer(inner):
        parts.append(inner[at : escape.start()].encode())
        at = escape.end()
        parts.append(_meant(escape.group(), escape.start() + 1))
    parts.append(inner[at:].encode())
    try:
        return b"".join(parts).decode()
    except UnicodeDecodeError:
        raise BadEscapeError("the escapes of this string are no UTF-8", 0) from None


def _meant(escape: str, offset: int) -> bytes:
    kind, digits = escape[1], escape[2:]
    if not digits:
        if kind in _SIMPLE:
            return bytes((_SIMPLE[kind],))
        advice = f"; a backslash for a regular expression is written \\\\{kind}"
        raise BadEscapeError(f"unknown escape {escape}{advice}", offset)
    if kind in "01234567":
        code = int(escape[1:], 8)
        if code <= 0xFF:
            return bytes((code,))
    elif kind == "x":
        return bytes((int(digits, 16),))
    else:
        code = int(digits, 16)
        if code <= 0x10FFFF and not 0xD800 <= code < 0xE000:
            return chr(code).encode()
    raise BadEscapeError(f"{escape} is no character", offset)
