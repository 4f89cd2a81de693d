"""What is looked for, and what was found."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from otel_discord.redaction.engine import Expression

BOUNDARY: Final = r"(?:\A|[^A-Za-z0-9]|\\+[abfnrtv0]|%[0-9A-Fa-f]{2}|\\+[ux](?:00)?[0-9A-Fa-f]{2})"
"""Before a token: what is no letter or digit, or an escape (``\\n``, ``%20``, ``\\u0022``) that ends with one."""


class Category(StrEnum):
    """The two families of patterns, names that stand for all of theirs."""

    CREDENTIALS = "credentials"
    PERSONAL = "personal"


class Finding(NamedTuple):
    """A part of a text: positions in characters, and the word for what it is."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of thing that must not be shown.

    ``find`` yields what a text holds of it, in linear time. ``triggers`` are short expressions of RE2, compared in any
    case of letters: a text that holds none of them holds nothing of this pattern. Without any it is always looked for.
    """

    name: str
    category: Category
    summary: str
    find: Callable[[str], Iterable[Finding]]
    triggers: tuple[str, ...]
    shown: tuple[str, ...]
    """The words that stand in place of what was found, as in ``[jwt]``."""
    replace: Callable[[str], str] | None = None
    """What stands in place of a finding, whatever the plan's action is; None: what the action says."""


def found_by(
    expression: str, kind: str, accepts: Callable[[str], bool] = lambda _: True, not_before: str = r"[^\s\S]"
) -> Callable[[str], Iterator[Finding]]:
    """Return a ``find`` that yields the group ``s`` of each match whose text is accepted.

    What follows it must not begin with the expression ``not_before``; as a part of ``expression`` it would be consumed,
    and a match that begins there not be seen.
    """
    compiled = Expression(expression)
    follows = re.compile(not_before).match

    def find(text: str) -> Iterator[Finding]:
        for start, end in compiled.spans(text):
            if accepts(text[start:end]) and follows(text, end) is None:
                yield Finding(start, end, kind)

    return find


_LENGTH: Final = re.compile(r"\{[0-9]+,?\}(?=(?:=\{0,2\})?\)?\Z)")


_CUT: Final = r"(?:\z|(?:\.{3}|…)[A-Za-z0-9_+/=-]*)"


def cut(expression: str) -> str:
    """Return the expression for what is left of a token that was cut inside it: eight characters, then the text's end,
    or an ellipsis with the token's last ones.

    SDKs cut values at a length (``OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT``), and so do loggers.
    """
    shorter = _LENGTH.sub("{8,}", expression)
    is_group = shorter.endswith(")") and expression != shorter
    return f"{shorter[:-1]}{_CUT})" if is_group else f"{shorter}{_CUT}"


def found_by_any(*finders: Callable[[str], Iterable[Finding]]) -> Callable[[str], Iterator[Finding]]:
    """Return a ``find`` that yields what each of several finds."""

    def find(text: str) -> Iterator[Finding]:
        for one in finders:
            yield from one(text)

    return find
