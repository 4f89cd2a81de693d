"""How a storage fares, as it is told to the house."""

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """In the order of how bad it is."""

    OK = "ok"
    FULL = "full"
    """New work is refused; ending work goes on."""
    DETACHED = "detached"
    """Its files were taken away while in use: new work is refused, since nobody would find it; ending work goes on."""
    FAILING = "failing"
    """Nothing can be stored; it is tried again by itself."""
    ENDED = "ended"
    """The thread has ended by a mistake of its own: nothing goes on."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A state and, where it is not OK, why, with numbers."""

    state: State
    why: str = ""


OK = Condition(State.OK)
