"""The books of a run: what was accepted, what Discord has, what is dead, and whether that adds up."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.sending.markers import STREAM


@dataclass(slots=True)
class Ledger:
    """What clients were told, by id."""

    accepted: dict[int, int] = field(default_factory=dict)
    """Answered OK; the value is the severity."""
    offered: Counter[int] = field(default_factory=Counter)
    """How often each id was sent, answered or not."""
    answers: Counter[str] = field(default_factory=Counter)
    """Answers by status, ``no answer`` where the connection broke."""

    def send(self, ids: Iterable[int]) -> None:
        """Note that ids go out."""
        self.offered.update(ids)

    def accept(self, ids: Iterable[int], severity: int) -> None:
        """Note that ids were answered OK."""
        for number in ids:
            self.accepted[number] = severity


@dataclass(frozen=True, slots=True)
class Books:
    """Where each id is, for each destination by its name."""

    accepted: Mapping[int, int]
    offered: Mapping[int, int]
    delivered: Mapping[str, list[int]]
    dead: Mapping[str, set[int]]

    def open(self) -> dict[str, list[int]]:
        """Return for each destination the accepted ids that are neither delivered nor dead."""
        found = {
            name: sorted(set(self.accepted) - set(ids) - self.dead.get(name, set()))
            for name, ids in self.delivered.items()
        }
        return {name: ids for name, ids in found.items() if ids}

    def copies_too_many(self) -> int:
        """Return how many deliveries there were beyond one for each time that an id was sent to us."""
        return sum(
            max(0, count - self.offered.get(number, 0))
            for ids in self.delivered.values()
            for number, count in Counter(ids).items()
        )

    def never_sent(self) -> set[int]:
        """Return ids that Discord has and nobody sent."""
        return {number for ids in self.delivered.values() for number in ids} - set(self.offered)

    def out_of_order(self) -> dict[str, list[int]]:
        """Return ids whose first delivery came after that of a later one of the same client and severity."""
        wrong: dict[str, list[int]] = {}
        for name, ids in self.delivered.items():
            highest: dict[tuple[int, bool], int] = {}
            for number in dict.fromkeys(ids):
                stream = (number // STREAM, self.accepted.get(number, 0) >= 21)
                if number < highest.get(stream, -1) and self.offered.get(number, 0) == 1:
                    wrong.setdefault(name, []).append(number)
                highest[stream] = max(number, highest.get(stream, -1))
        return wrong

    def dead_and_delivered(self) -> dict[str, set[int]]:
        """Return ids that have ended twice."""
        found = {name: set(ids) & self.dead.get(name, set()) for name, ids in self.delivered.items()}
        return {name: ids for name, ids in found.items() if ids}
