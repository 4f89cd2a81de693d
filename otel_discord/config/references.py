"""The syntax of ``${…}`` in values: ``${env:NAME}``, ``${env:NAME:-default}``, ``${NAME}``, ``${file:PATH}``, ``$$``.

Pure: text in, parts out; ``interpolation`` looks the values up.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

MAX_NESTING: Final = 20
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?!-)")


@dataclass(frozen=True, slots=True)
class Reference:
    """One ``${…}``; ``name`` and ``default`` may hold references themselves. ``written`` is its own text."""

    scheme: str
    name: "Parts"
    default: "Parts | None"
    written: str


Parts: TypeAlias = tuple[str | Reference, ...]
"""Literal text and references, in order; neighbouring literals are joined."""


def parse_references(text: str) -> Parts:
    """Return the parts of a value. ``$$`` has become ``$``; a ``$`` without a brace is text.

    Raises:
        ValueError: a ``${`` that is not closed, or more than MAX_NESTING of them inside each other.
    """
    parts, _ = _scan(text, 0, 0)
    return parts


def _scan(text: str, start: int, nesting: int) -> tuple[Parts, int]:
    """Read to the end of the text, or inside braces to the one that closes them; return the index after it."""
    if nesting > MAX_NESTING:
        raise ValueError(f"references are nested deeper than {MAX_NESTING} levels")
    parts: list[str | Reference] = []
    literal = ""
    index = start
    while index < len(text):
        stop = _next_special(text, index, inside=nesting > 0)
        literal += text[index:stop]
        index = stop
        if index >= len(text):
            break
        if text[index] == "}":
            return _joined(parts, literal), index + 1
        if text.startswith("$$", index):
            literal += "$"
            index += 2
        elif text.startswith("${", index):
            inner, end = _scan(text, index + 2, nesting + 1)
            parts += [literal, _reference(inner, text[index:end])]
            literal = ""
            index = end
        else:
            literal += "$"
            index += 1
    if nesting:
        raise ValueError("`${` without the `}` that closes it; write `$${` for the text itself")
    return _joined(parts, literal), index


def _next_special(text: str, index: int, *, inside: bool) -> int:
    dollar = text.find("$", index)
    brace = text.find("}", index) if inside else -1
    found = [place for place in (dollar, brace) if place >= 0]
    return min(found, default=len(text))


def _joined(parts: list[str | Reference], literal: str) -> Parts:
    return tuple(part for part in (*parts, literal) if part != "")


def _reference(body: Parts, written: str) -> Reference:
    scheme = "env"
    if body and isinstance(body[0], str) and (named := _SCHEME.match(body[0])):
        scheme = named[1]
        body = _joined([body[0][named.end() :]], "") + body[1:]
    if scheme != "env":
        return Reference(scheme, body, None, written)
    for place, part in enumerate(body):
        if isinstance(part, str) and ":-" in part:
            before, _, after = part.partition(":-")
            return Reference(
                scheme, _joined([*body[:place]], before), _joined([after], "") + body[place + 1 :], written
            )
    return Reference(scheme, body, None, written)
