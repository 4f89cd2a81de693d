"""Globs of replace_match, matched in linear time: ``*``, ``?``, ``[a-z]``, ``[!a-z]``, ``{one,other}``, ``\\`` escapes.

A glob becomes a regular expression for RE2, so it can hang the service no more than a regex can. Where contrib's
documentation and its library differ, the library is followed: ``*`` crosses ``/``.
"""

import re
from typing import Final

from otel_discord.ottl.errors import OttlError

GLOB_CHARS_MAX: Final = 1_000
_SPECIAL: Final = frozenset(r"\.+*?()|[]{}^$")
_PIECE: Final = re.compile(r"\\(?P<escaped>.)|(?P<stars>\*+)|\[(?P<class>[!^]?[^\]]+)\]|(?P<other>.)", re.DOTALL)


def glob_to_regex(glob: str) -> str:
    """Return an anchored regular expression.

    Raises:
        OttlError: a bracket or a brace that is never closed, a lone escape, or more than 1,000 characters.
    """
    if len(glob) > GLOB_CHARS_MAX:
        raise OttlError(f"the pattern is longer than {GLOB_CHARS_MAX} characters")
    parts: list[str] = []
    braces = 0
    for piece in _PIECE.finditer(glob):
        character = piece["other"]
        if character is None:
            parts.append(_compound(piece))
            continue
        if character in "\\[":
            raise OttlError("the pattern ends within an escape, or has a [ that is never closed")
        part, step = _plain(character, braces > 0)
        parts.append(part)
        braces += step
    if braces:
        raise OttlError("the pattern has a { that is never closed")
    return rf"(?s)\A(?:{''.join(parts)})\z"


def _compound(piece: re.Match[str]) -> str:
    if piece["stars"]:
        return ".*"
    return _literal(piece["escaped"]) if piece["escaped"] else _class(piece["class"])


def _plain(character: str, in_braces: bool) -> tuple[str, int]:
    if character == "?":
        return ".", 0
    if character == "{":
        return "(?:", 1
    if in_braces and character in ",}":
        return ("|", 0) if character == "," else (")", -1)
    return _literal(character), 0


def _literal(character: str) -> str:
    return "\\" + character if character in _SPECIAL else character


def _class(inside: str) -> str:
    negated = len(inside) > 1 and inside[0] in "!^"
    members = inside[1:] if negated else inside
    escaped = "".join("\\" + each if each in r"\[^" else each for each in members)
    return f"[{'^' if negated else ''}{escaped}]"
