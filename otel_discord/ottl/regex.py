"""Regular expressions: RE2 only, whose time is linear in the text, so no pattern that a user writes can hang us."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import re2

Match: TypeAlias = Any
"""What a search gives: ``group(n)``, ``start(n)``, ``end(n)``, ``groups()``, ``groupdict()``, as in ``re``."""

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False

_REFERENCE: Final = re.compile(r"\$(?:\$|(?P<plain>[A-Za-z0-9_]+)|\{(?P<braced>[A-Za-z0-9_]+)\})")


@dataclass(frozen=True, slots=True)
class Regex:
    """A compiled pattern."""

    pattern: str
    compiled: Any

    def found_in(self, text: str) -> bool:
        """Return whether it matches somewhere in the text."""
        return self.compiled.search(text) is not None

    def search(self, text: str) -> Match | None:
        """Return the first match."""
        return self.compiled.search(text)

    def replace(self, text: str, replacement: Callable[[Match], str]) -> str:
        """Return the text with each match replaced."""
        return str(self.compiled.sub(replacement, text))

    @property
    def group_names(self) -> tuple[str, ...]:
        """Names of the named groups, in their order."""
        return tuple(sorted(self.compiled.groupindex, key=self.compiled.groupindex.__getitem__))


def compile_regex(pattern: str) -> Regex:
    """Compile in RE2's syntax, which is Go's.

    Raises:
        ValueError: not a regular expression; says why.
    """
    try:
        return Regex(pattern, re2.compile(pattern, _OPTIONS))
    except re2.error as error:
        detail = error.args[0] if error.args else error
        text = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        raise ValueError(f"not a regular expression (RE2 syntax): {text}") from None


def compile_replacement(template: str) -> Callable[[Match], str]:
    """Return what expands a replacement for a match: ``$1``, ``${1}``, ``$name``, ``${name}``; ``$$`` is a dollar.

    As in Go: the longest possible name is taken (``$1x`` is the group ``1x``), and a group that does not exist or
    took no part is empty.
    """
    parts: list[str | int] = []
    names: dict[int, str] = {}
    at = 0
    for reference in _REFERENCE.finditer(template):
        parts.append(template[at : reference.start()])
        at = reference.end()
        name = reference["plain"] or reference["braced"]
        if name is None:
            parts.append("$")
        else:
            names[len(parts)] = name
            parts.append(int(name) if name.isdecimal() and len(name) < _MAX_DIGITS else -1)
    parts.append(template[at:])
    if not names:
        constant = "".join(str(part) for part in parts)
        return lambda _match: constant
    return lambda match: "".join(
        part if isinstance(part, str) else _group(match, part, names[index]) for index, part in enumerate(parts)
    )


_MAX_DIGITS: Final = 6


def _group(match: Match, number: int, name: str) -> str:
    if number < 0:
        number = match.re.groupindex.get(name, -1)
    if not 0 <= number <= match.re.groups:
        return ""
    return match.group(number) or ""
