"""One mute: which records, when, and what becomes of them. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from otel_discord.exporters.discord.mutes.matchers import Matcher, parse_matchers
from otel_discord.exporters.discord.mutes.periods import Once, Period, When
from otel_discord.ottl import Condition, ContextKind, LogItem, OttlError, parse_condition

MAX_NAME_CHARS: Final = 80
MAX_COMMENT_CHARS: Final = 500
MAX_MATCHERS: Final = 20
_CRITICAL_WORD: Final = "SEVERITY_NUMBER_FATAL"


class Action(StrEnum):
    """What becomes of a record that is muted; of several mutes, the one that stands first here decides."""

    DROP = "drop"
    """It goes nowhere; it is counted."""
    HOLD = "hold"
    """It waits until the mute is over."""
    NO_PING = "no_ping"
    """It comes, and pings nobody."""


STRENGTH: Final = tuple(Action)


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which records: all of the matchers hold, and one of the conditions where there are any. Neither: every record."""

    matchers: tuple[Matcher, ...] = ()
    conditions: tuple[Condition, ...] = ()

    @classmethod
    def of(cls, matchers: tuple[str, ...] = (), conditions: tuple[str, ...] = ()) -> "Which":
        """Compile it.

        Raises:
            ValueError: a matcher or a condition is none (``OttlSyntaxError`` is one).
        """
        if len(matchers) > MAX_MATCHERS or len(conditions) > MAX_MATCHERS:
            raise ValueError(f"a mute has at most {MAX_MATCHERS} matchers and {MAX_MATCHERS} conditions")
        return cls(
            matchers=parse_matchers(matchers),
            conditions=tuple(parse_condition(text, ContextKind.LOG) for text in conditions),
        )

    def holds(self, item: LogItem, severity: int) -> bool:
        """Return whether a record is meant; one that a condition cannot work with is not."""
        if not all(matcher.test(item, severity) for matcher in self.matchers):
            return False
        return not self.conditions or any(_is_met(condition, item) for condition in self.conditions)

    def names_critical(self, critical_from: int) -> bool:
        """Return whether it is meant for what is critical: a matcher lets nothing less through, or a condition has the
        word FATAL."""
        return any(matcher.least_severity >= critical_from for matcher in self.matchers) or any(
            _CRITICAL_WORD in condition.text for condition in self.conditions
        )

    def __str__(self) -> str:
        """Return it in the user's words."""
        return ", ".join([*(each.text for each in self.matchers), *(each.text for each in self.conditions)])


EVERYTHING: Final = Which()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """``id`` is unique in its book; ``destinations`` empty means all of them."""

    id: str
    name: str
    which: Which = EVERYTHING
    when: When
    action: Action = Action.HOLD
    destinations: frozenset[str] = field(default_factory=frozenset)
    critical: bool = False
    """What is critical is muted like everything else. False: it comes, without a ping, unless the mute names it."""
    comment: str = ""
    author: str = ""

    def action_for(self, *, is_critical: bool, critical_from: int) -> Action:
        """Return what becomes of a record that is meant."""
        if is_critical and not self.critical and not self.which.names_critical(critical_from):
            return Action.NO_PING
        return self.action

    def concerns(self, destination: str) -> bool:
        """Return whether it is about that destination."""
        return not self.destinations or destination in self.destinations


def to_json(mute: Mute) -> dict[str, Any]:
    """Return a mute with one period as JSON can say it."""
    if not isinstance(mute.when, Once):
        raise TypeError("only a mute with one period is stored")
    return {
        "id": mute.id,
        "name": mute.name,
        "matchers": [each.text for each in mute.which.matchers],
        "conditions": [each.text for each in mute.which.conditions],
        "start_ns": mute.when.period.start_ns,
        "end_ns": mute.when.period.end_ns,
        "action": str(mute.action),
        "destinations": sorted(mute.destinations),
        "critical": mute.critical,
        "comment": mute.comment,
        "author": mute.author,
    }


def from_json(
    stored: Mapping[str, Any], which_of: Callable[[tuple[str, ...], tuple[str, ...]], Which] = Which.of
) -> Mute:
    """Return a mute that was stored; ``which_of`` compiles its matchers and conditions.

    Raises:
        ValueError: it cannot be read. Also KeyError and TypeError, where a part is missing or of another kind.
    """
    return Mute(
        id=str(stored["id"]),
        name=str(stored["name"]),
        which=which_of(tuple(map(str, stored["matchers"])), tuple(map(str, stored["conditions"]))),
        when=Once(Period(int(stored["start_ns"]), int(stored["end_ns"]))),
        action=Action(stored["action"]),
        destinations=frozenset(map(str, stored["destinations"])),
        critical=bool(stored["critical"]),
        comment=str(stored["comment"]),
        author=str(stored["author"]),
    )


def _is_met(condition: Condition, item: LogItem) -> bool:
    try:
        return condition(item)
    except OttlError:
        return False
