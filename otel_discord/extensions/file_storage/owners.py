"""Whose work waits in the file, and what is said of work that nobody comes for: its exporter was renamed or removed."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from otel_discord.component.counted import counted
from otel_discord.store.work import Access, Query, Steps, Work

ALL_OPENED_S: Final = 15.0
"""After the storage has opened: by then every exporter that uses it has asked for its queue."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits, by owner (an exporter's id and a signal): batches that are not routed yet, and cards."""

    batches: dict[str, int]
    cards: dict[str, int]

    def __str__(self) -> str:
        owners = sorted(self.batches.keys() | self.cards.keys())
        total = f"{_held(sum(self.batches.values()), sum(self.cards.values()))} waiting"
        return f"{total} for {', '.join(owners)}" if owners else total

    def unclaimed(self, opened: Collection[str]) -> list[str]:
        """Return a sentence for each owner whose work nobody has asked for."""
        return [
            f"{_held(self.batches.get(owner, 0), self.cards.get(owner, 0))} of {owner} wait here, and "
            "no exporter of that name uses this storage any more. They are kept: give the exporter its name and its "
            "sending_queue::storage back, and they are sent."
            for owner in sorted(self.batches.keys() | self.cards.keys())
            if owner not in opened
        ]


def _held(batches: int, cards: int) -> str:
    return f"{counted(batches, 'batch', 'batches')} and {counted(cards, 'card')}"


def count_waiting() -> Work[Waiting]:
    """Return the work that counts what waits."""

    def steps() -> Steps[Waiting]:
        batches = yield Query("SELECT owner, count(*) FROM batches WHERE routed = 0 GROUP BY owner")
        cards = yield Query("SELECT owner, count(*) FROM cards GROUP BY owner")
        return Waiting(dict(batches), dict(cards))

    return Work("count_waiting", Access.READ, steps)
