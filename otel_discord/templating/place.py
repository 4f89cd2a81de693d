"""A value of a template file and where it stands, so that what is wrong with it is said with file and line."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeVar

from otel_discord.config.nearest import nearest
from otel_discord.config.problem import KeyPath
from otel_discord.config.yaml_file import Document
from otel_discord.templating.errors import TemplateError

T = TypeVar("T")
P = ParamSpec("P")
MAX_ENTRIES: Final = 64
"""Of one list in a template: lines, fields, files."""


class Problems:
    """Gathers what is wrong, so that all of it is said at once."""

    def __init__(self) -> None:
        self.found: list[TemplateError] = []

    def note(self, error: TemplateError) -> None:
        """Remember one problem and go on."""
        self.found.append(error)

    def attempt(self, instead: T, read: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Return what ``read`` returns; where it raises a TemplateError, note that and return ``instead``."""
        try:
            return read(*args, **options)
        except TemplateError as error:
            self.found.append(error)
            return instead


@dataclass(frozen=True, slots=True)
class Place:
    """A value of a file and where it stands."""

    value: Any
    document: Document
    source: str
    path: KeyPath = ()

    @property
    def key_line(self) -> int:
        """The line of the value's key."""
        return self.document.locate(self.path).line

    @property
    def line(self) -> int:
        """Where the value's text begins: the line after the key when it is a block of several lines."""
        return self.key_line + 1 if isinstance(self.value, str) and "\n" in self.value else self.key_line

    def error(self, reason: str) -> TemplateError:
        """Return an error that names this place."""
        return TemplateError(self.source, self.key_line, reason)

    def at(self, key: str | int) -> "Place":
        """Return the place of an entry."""
        return Place(self.value[key], self.document, self.source, (*self.path, key))

    def keys(self, allowed: Collection[str], problems: Problems) -> dict[str, "Place"]:
        """Return the entries of a map that may have these keys; others are noted.

        Raises:
            TemplateError: it is no map.
        """
        if not isinstance(self.value, dict):
            raise self.error(f"expected a map with the keys {', '.join(sorted(allowed))}")
        entries = {}
        for key in self.value:
            entry = self.at(key)
            if key in allowed:
                entries[key] = entry
                continue
            close = nearest(key, allowed)
            hint = f", did you mean '{close}'?" if close else f"; known are {', '.join(sorted(allowed))}"
            problems.note(entry.error(f"unknown key '{key}'{hint}"))
        return entries

    def items(self) -> "list[Place]":
        """Return the entries of a list.

        Raises:
            TemplateError: it is no list, or has more than 64 entries.
        """
        if not isinstance(self.value, list):
            raise self.error("expected a list")
        if len(self.value) > MAX_ENTRIES:
            raise self.error(f"a list in a template is limited to {MAX_ENTRIES} entries")
        return [self.at(index) for index in range(len(self.value))]

    def text(self) -> str:
        """Return the value as written, numbers as text.

        Raises:
            TemplateError: it is a map, a list, or nothing.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, (str, int, float)):
            raise self.error("expected a text")
        return str(self.value)


def required(parent: Place, keys: dict[str, Place], key: str) -> Place:
    """Return the place of a key.

    Raises:
        TemplateError: the key is missing.
    """
    if key not in keys:
        raise parent.error(f"the key '{key}' is missing")
    return keys[key]
