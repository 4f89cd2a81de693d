"""Which batch comes next, with only the first of them in memory: an edge divides what is known from what is stored.

Every batch that waits and stands before the edge is known here; behind it only the database knows. A look ahead moves
the edge on. While it runs, and while batches are being stored, things change; the rules that keep each batch from
being lost or offered twice are here. Pure.
"""

from collections.abc import Container, Sequence
from heapq import heapify, heappop, heappush, nsmallest
from typing import Final, NamedTuple

_FAR: Final = 1 << 62


class Place(NamedTuple):
    """Where a batch stands in the order; smaller comes earlier."""

    rank: int
    """Its priority, negated."""
    id: int


BEFORE_ALL: Final = Place(-_FAR, 0)
BEHIND_ALL: Final = Place(_FAR, 0)


class BatchOrder:
    """The order of the batches that wait."""

    def __init__(self, last_id: int, most_known: int = 4096) -> None:
        """``last_id`` is the highest id that was given out before; ``most_known`` bounds what is held in memory."""
        self._most_known = most_known
        self._known: list[Place] = []  # heap
        self._edge = BEFORE_ALL
        self._newest_id = last_id
        self._arriving: dict[int, int | None] = {}  # ticket: id once it is stored; in the order of being handed over
        self._last_ticket = 0
        self._look: _Look | None = None

    # ------------------------------------------------------------------------------------------------- storing

    def expect(self) -> int:
        """Say that a batch is handed over to be stored, and get a ticket."""
        self._last_ticket += 1
        self._arriving[self._last_ticket] = None
        return self._last_ticket

    def arrived(self, ticket: int, place: Place) -> None:
        """Say that the batch is stored and waits at ``place``."""
        self._arriving[ticket] = place.id
        self._let_go()
        self.offer(place)

    def lost(self, ticket: int) -> None:
        """Say that the batch was not stored."""
        del self._arriving[ticket]
        self._let_go()

    def came(self, place: Place) -> None:
        """Say that a batch waits which somebody else has stored, after all with smaller ids were said to have come."""
        self._newest_id = max(self._newest_id, place.id)
        self.offer(place)

    def _let_go(self) -> None:
        """Batches are stored in the order in which they are handed over, so their ids grow along the tickets."""
        while self._arriving:
            ticket, batch_id = next(iter(self._arriving.items()))
            if batch_id is None:
                return
            del self._arriving[ticket]
            self._newest_id = max(self._newest_id, batch_id)

    # -------------------------------------------------------------------------------------------------- taking

    def offer(self, place: Place) -> None:
        """Let a batch wait: one that has been stored, or was given back."""
        if place <= self._edge:
            heappush(self._known, place)
            if len(self._known) > self._most_known:
                self._forget_the_last()
        elif self._look is not None:
            self._look.meanwhile.add(place)

    def pop(self) -> Place | None:
        """Take the first one that is known."""
        return heappop(self._known) if self._known else None

    def next_known(self, count: int) -> Sequence[Place]:
        """Return the first ones that are known, in order; they stay."""
        return nsmallest(count, self._known)

    @property
    def has_known(self) -> bool:
        """Whether there is one to take without looking."""
        return bool(self._known)

    @property
    def is_complete(self) -> bool:
        """Whether nothing waits that is not known here."""
        return self._edge == BEHIND_ALL

    def _forget_the_last(self) -> None:
        self._known = nsmallest(self._most_known // 2, self._known)
        self._edge = self._known[-1]

    # --------------------------------------------------------------------------------------------- looking ahead

    def begin_to_look(self) -> Place:
        """Say that a look ahead begins; it is to find what stands behind the place returned."""
        heard_of = {batch_id for batch_id in self._arriving.values() if batch_id is not None}
        self._look = _Look(self._edge, self._newest_id, heard_of)
        return self._edge

    def found(self, places: Sequence[Place], *, all_of_them: bool, taken: Container[int]) -> None:
        """Say what a look ahead found: the first ones in order, or ``all_of_them``; ``taken`` wait no more.

        What is found and was still being stored when the look began is left out: it is offered when it has arrived.
        """
        look, self._look = self._look, None
        if look is None or look.edge != self._edge:
            return  # so much has come meanwhile that the edge went back: this look says nothing about what is next
        self._edge = BEHIND_ALL if all_of_them else places[-1]
        fresh = {place for place in places if look.knows(place.id) and place.id not in taken}
        fresh.update(place for place in look.meanwhile if place <= self._edge)
        self._known = [*self._known, *fresh]
        heapify(self._known)

    def give_up_looking(self) -> None:
        """Say that the look ahead came to nothing."""
        self._look = None


class _Look:
    """A look ahead that runs: where from, and what was offered behind that place since it began."""

    __slots__ = ("_heard_of", "_newest_id", "edge", "meanwhile")

    def __init__(self, edge: Place, newest_id: int, heard_of: set[int]) -> None:
        self.edge = edge
        self._newest_id = newest_id
        self._heard_of = heard_of
        self.meanwhile: set[Place] = set()

    def knows(self, batch_id: int) -> bool:
        """Return whether a batch had been heard of when the look began."""
        return batch_id <= self._newest_id or batch_id in self._heard_of
