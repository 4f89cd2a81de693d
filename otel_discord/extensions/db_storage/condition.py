"""How a storage fares, as it is told to the house."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class State(IntEnum):
    """In the order of how bad it is."""

    OK = 0
    FULL = 1
    """The server has no room: new work is refused; ending work is tried."""
    AWAY = 2
    """Nothing can be stored; it is tried again by itself."""
    LOST = 3
    """Another process has taken the work over; this one stores nothing more of it."""
    ENDED = 4
    """Its task has ended by a mistake of its own: nothing goes on."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A state and, where it is not OK, why."""

    state: State
    why: str = ""


OK = Condition(State.OK)


def worst(conditions: Iterable[Condition]) -> Condition:
    """Return the worst of several; OK of none."""
    return max(conditions, key=lambda each: each.state, default=OK)
