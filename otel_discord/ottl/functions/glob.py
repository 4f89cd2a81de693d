"""Globs of replace_match, matched in linear time: ``*``, ``?``, ``[a-z]``, ``[!a-z]``, ``{one,other}``, ``\\`` escapes.

A glob becomes a regular expression for RE2, so it can hang the service no more than a regex can. Where contrib's
documentation and its library differ, the library is followed: ``*`` crosses ``/``.
"""

from typing import Final

from otel_discord.ottl.errors import OttlError

_SPECIAL: Final = frozenset(r"\.+*?()|[]{}^$")
GLOB_CHARS_MAX: Final = 1_000


def glob_to_regex(glob: str) -> str:
    """Return an anchored regular expression.

    Raises:
        OttlError: a bracket or a brace that is never closed, a lone escape, or more than 1,000 characters.
    """
    if len(glob) > GLOB_CHARS_MAX:
        raise OttlError(f"the pattern is longer than {GLOB_CHARS_MAX} characters")
    parts: list[str] = []
    braces = 0
    position = 0
    while position < len(glob):
        character = glob[position]
        position += 1
        if character == "\\":
            if position == len(glob):
                raise OttlError("the pattern ends in the middle of an escape")
            parts.append(_literal(glob[position]))
            position += 1
        elif character == "*":
            if parts[-1:] != [".*"]:
                parts.append(".*")
        elif character == "?":
            parts.append(".")
        elif character == "[":
            end = _class_end(glob, position)
            parts.append(_class(glob[position:end]))
            position = end + 1
        elif character == "{":
            braces += 1
            parts.append("(?:")
        elif character == "}" and braces:
            braces -= 1
            parts.append(")")
        elif character == "," and braces:
            parts.append("|")
        else:
            parts.append(_literal(character))
    if braces:
        raise OttlError("the pattern has a { that is never closed")
    return rf"(?s)\A(?:{''.join(parts)})\z"


def _literal(character: str) -> str:
    return "\\" + character if character in _SPECIAL else character


def _class_end(glob: str, start: int) -> int:
    end = glob.find("]", start + 2 if glob[start : start + 1] in ("!", "^") else start + 1)
    if end < 0:
        raise OttlError("the pattern has a [ that is never closed")
    return end


def _class(inside: str) -> str:
    negated = inside[0] in ("!", "^")
    members = inside[1:] if negated else inside
    escaped = "".join("\\" + each if each in r"\[]^" else each for each in members)
    return f"[{'^' if negated else ''}{escaped}]"
