"""Which records a template is for: the key `match` of a template file, as a pure value.

A condition stays a text here, with what the hook of its reader made of it: this floor knows no OTTL.
"""

import fnmatch
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from otel_discord.config.nearest import nearest
from otel_discord.signals.severity import parse_min_severity
from otel_discord.templating.place import Place, Problems

KINDS: Final = (
    "record", "exception", "alert", "slow_span", "digest", "status", "heartbeat", "dead_letters", "run", "member",
)  # fmt: skip
"""What a message can be about."""
MAX_SEVERITY_NUMBER: Final = 24
MAX_PRIORITY: Final = 1_000
_MAX_PATTERNS: Final = 64
_MAX_PATTERN_CHARS: Final = 256
_MATCH_KEYS: Final = frozenset(
    ("min_severity", "max_severity", "event_name", "service", "kind", "condition", "priority")
)

CompileCondition: TypeAlias = Callable[[str], object]
"""Makes a condition's text into what its reader evaluates; raises ValueError with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateMatch:
    """What must hold for a template to be used; a key that the file does not have always holds."""

    min_severity_number: int = 0
    max_severity_number: int = MAX_SEVERITY_NUMBER
    event_names: tuple[str, ...] = ()
    """Patterns with ``*``, ``?`` and ``[…]``; one of them must fit, as of ``services``."""
    services: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    condition: str = ""
    """An OTTL condition as written, "" for none."""
    compiled_condition: object | None = None
    """What the hook made of it; None without a condition or a hook."""
    priority: int = 0
    source: str = ""
    line: int = 0
    condition_line: int = 0

    def accepts(self, *, severity_number: int, event_name: str, service: str, kind: str) -> bool:
        """Tell whether all but the condition holds; whoever evaluates conditions asks for that one after this."""
        return (
            self.min_severity_number <= severity_number <= self.max_severity_number
            and (not self.kinds or kind in self.kinds)
            and (not self.event_names or any(_pattern(each).match(event_name) for each in self.event_names))
            and (not self.services or any(_pattern(each).match(service) for each in self.services))
        )


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(glob))


def read_match(place: Place, problems: Problems, compile_condition: CompileCondition | None = None) -> TemplateMatch:
    """Return what the key `match` says; keys that cannot be used are noted and left out.

    Raises:
        TemplateError: it is no map.
    """
    keys = place.keys(_MATCH_KEYS, problems)
    read: dict[str, Any] = {}
    for key, name, reader in _READERS:
        if key in keys:
            value = problems.attempt(None, reader, keys[key])
            if value is not None:
                read[name] = value
    if "condition" in keys:
        read["condition"] = problems.attempt("", _condition, keys["condition"])
        read["condition_line"] = keys["condition"].line
        if compile_condition and read["condition"]:
            read["compiled_condition"] = problems.attempt(None, _compiled, keys["condition"], compile_condition)
    lowest, highest = read.get("min_severity_number", 0), read.get("max_severity_number", MAX_SEVERITY_NUMBER)
    if lowest > highest:
        problems.note(keys["max_severity"].error("max_severity is below min_severity: no record fits"))
    return TemplateMatch(source=place.source, line=place.key_line, **read)


def _min_severity(place: Place) -> int:
    try:
        return parse_min_severity(place.value)
    except ValueError as error:
        raise place.error(str(error)) from None


def _max_severity(place: Place) -> int:
    """Return the number up to which records fit: a name without a digit stands for its four numbers."""
    number = _min_severity(place)
    names_four = isinstance(place.value, str) and place.value.strip().isalpha()
    return number + 3 if names_four and number else number


def _words(place: Place) -> tuple[str, ...]:
    values = place.value if isinstance(place.value, list) else [place.value]
    if not values or len(values) > _MAX_PATTERNS:
        raise place.error(f"expected one text, or a list of 1 to {_MAX_PATTERNS}")
    for value in values:
        if not isinstance(value, str) or not value or len(value) > _MAX_PATTERN_CHARS:
            raise place.error(f"expected a text of 1 to {_MAX_PATTERN_CHARS} characters, or a list of such")
    return tuple(values)


def _kinds(place: Place) -> tuple[str, ...]:
    for kind in (kinds := _words(place)):
        if kind not in KINDS:
            close = nearest(kind, KINDS)
            hint = f", did you mean '{close}'?" if close else ""
            raise place.error(f"unknown kind '{kind}'{hint}; kinds are {', '.join(KINDS)}")
    return kinds


def _priority(place: Place) -> int:
    value = place.value
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_PRIORITY:
        raise place.error(f"a priority is a whole number from -{MAX_PRIORITY} to {MAX_PRIORITY}")
    return value


def _condition(place: Place) -> str:
    if not isinstance(place.value, str) or not place.value.strip():
        raise place.error('expected an OTTL condition, such as: attributes["tier"] == "gold"')
    return place.value


def _compiled(place: Place, compile_condition: CompileCondition) -> object:
    try:
        return compile_condition(place.value)
    except ValueError as error:
        raise place.error(f"condition: {error}") from error


_READERS: Final[tuple[tuple[str, str, Callable[[Place], Any]], ...]] = (
    ("min_severity", "min_severity_number", _min_severity),
    ("max_severity", "max_severity_number", _max_severity),
    ("event_name", "event_names", _words),
    ("service", "services", _words),
    ("kind", "kinds", _kinds),
    ("priority", "priority", _priority),
)
