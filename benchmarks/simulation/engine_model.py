"""PostgreSQL as far as a fleet meets it: how long a commit takes, what it is asked, when it is away.

A commit's time is as measured (``docs/explanation/scale.md``): log-normal, half within 1.2 ms, 99 of 100 within 3.2 ms.
The engine itself is as large as it has to be: what is asked of it is counted.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from benchmarks.simulation.events import Events

_MEDIAN_S: Final = 0.0012
_SIGMA: Final = math.log(3.2 / 1.2) / 2.326
"""2.326 deviations lie below 99 of 100."""


class Asked(Enum):
    """What is asked; most are works of ``otel_discord.store``."""

    COMMIT = auto()
    PUT = auto()
    ROUTE = auto()
    FOLDS = auto()
    CARDS = auto()
    SENDING = auto()
    POSTED = auto()
    SHOWN = auto()
    CLAIM = auto()
    RENEWAL = auto()
    EGRESS = auto()


STATEMENTS: Final[Mapping[Asked, int]] = {
    Asked.COMMIT: 3,  # begin, the note that proves the fence, commit
    Asked.PUT: 2,  # a request: its number and its row
    Asked.ROUTE: 3,  # read batches' rows, free their payloads, end those that only folded
    Asked.FOLDS: 1,  # many rows, one statement
    Asked.CARDS: 2,  # their numbers, their rows
    Asked.SENDING: 1,
    Asked.POSTED: 6,  # take the cards, find the message, number and store it, keep the cards, end batches
    Asked.SHOWN: 1,
    Asked.CLAIM: 5,
    Asked.RENEWAL: 1,
    Asked.EGRESS: 1,  # a block of an address's next second
}
"""What follows a work's steps; one with many rows of parameters counts once, its rows are counted apart."""


@dataclass(slots=True)
class Engine:
    """All replicas' engine."""

    events: Events
    dice: random.Random
    paused_from_s: float = math.inf
    paused_until_s: float = math.inf
    asked: Counter[Asked] = field(default_factory=Counter)
    rows: int = 0
    """Written."""
    stored_bytes: int = 0

    @property
    def is_paused(self) -> bool:
        """Whether it answers nobody."""
        return self.paused_from_s <= self.events.now_s < self.paused_until_s

    def ask(self, what: Asked, times: int = 1, rows: int = 0) -> None:
        """Count statements, and rows that they write."""
        self.asked[what] += times
        self.rows += rows

    def commit_ends_s(self) -> float:
        """Return when a commit ends that begins now."""
        starts_s = self.paused_until_s if self.is_paused else self.events.now_s
        return starts_s + _MEDIAN_S * math.exp(self.dice.gauss(0.0, _SIGMA))

    @property
    def statements(self) -> int:
        """All of them."""
        return sum(STATEMENTS[what] * times for what, times in self.asked.items())


@dataclass(slots=True)
class Writer:
    """One replica's way to the engine: what arrives while a commit runs shares the next one."""

    engine: Engine
    ended: bool = False
    """Its process is gone; nobody hears of what was asked."""
    _next: list[Callable[[], None]] = field(default_factory=list)
    _running: bool = False

    def submit(self, then: Callable[[], None]) -> None:
        """Store something; ``then`` is called when it is as durable as it gets."""
        self._next.append(then)
        if not self._running:
            self._begin()

    def _begin(self) -> None:
        self._running = True
        together, self._next = self._next, []
        self.engine.ask(Asked.COMMIT)
        self.engine.events.at(self.engine.commit_ends_s(), self._end, together)

    def _end(self, together: list[Callable[[], None]]) -> None:
        if self.ended:
            return
        for then in together:
            then()
        if self._next:
            self._begin()
        else:
            self._running = False
