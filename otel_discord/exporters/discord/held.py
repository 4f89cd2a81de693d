"""Cards that are held: looked for at the start, and let go into the lanes of their destinations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord.component import Move, NewCard, StoredCard, WorkQueue
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.folding.lane_fold import know_alert
from otel_discord.exporters.discord.folding.problem import without_ping
from otel_discord.exporters.discord.mutes.held_lanes import destination_of, is_held

PAGE_CARDS: Final = 500
_EVERY: Final = 1_000_000
"""What is held has its room in the queue, and is bounded with it."""


@dataclass(frozen=True, slots=True)
class Count:
    """How much is held."""

    problems: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCards:
    """Of one exporter."""

    queue: WorkQueue
    desk: FoldDesk
    accepted_ns: Callable[[], int] | None = None
    """What counts as the time of their acceptance when they are let go; None leaves it. With `max_age` they would have
    waited too long otherwise."""

    async def lanes(self) -> list[str]:
        """Return the lanes in which cards are held."""
        return [lane for lane in await self.queue.lanes() if is_held(lane)]

    async def count(self, lane: str) -> Count:
        """Return how much a lane holds."""
        return _counted(self._current(lane, await self.queue.head(lane, _EVERY)))

    async def let_go(self, lane: str, note: str, tell: Callable[[Count], None]) -> Count:
        """Move a lane's cards to where they are sent, each with a note that says why it is late.

        They ping nobody, and nothing more is counted on them: what comes from now on is news. ``tell`` hears how much
        it is before the first of them is moved.
        """
        async with self.desk.lock:
            cards = self._current(lane, await self.queue.head(lane, _EVERY))
            count = _counted(cards)
            tell(count)
            for start in range(0, len(cards), PAGE_CARDS):
                page = cards[start : start + PAGE_CARDS]
                moves = [
                    Move(card.id, NewCard(destination_of(lane), card.priority, self._late(card.payload, note)))
                    for card in page
                ]
                ids = await self.queue.move(moves)
                if lane in self.desk.books:
                    self.desk.books[lane].ended([card.id for card in page])
                for move, card_id in zip(moves, ids, strict=False):
                    know_alert(self.desk.books, card_id, move)
            self.desk.books.pop(lane, None)
        return count

    def _current(self, lane: str, cards: Sequence[StoredCard]) -> list[StoredCard]:
        book = self.desk.books.get(lane)
        return [replace(card, payload=book.current(card)) for card in cards] if book is not None else list(cards)

    def _late(self, payload: bytes, note: str) -> bytes:
        try:
            card = Card.from_bytes(payload)
        except DecodeError:
            return payload  # its turn will tell
        return replace(
            card,
            notes=(*card.notes, note),
            no_ping=True,
            fingerprint=without_ping(card.fingerprint),
            accepted_ns=card.accepted_ns if self.accepted_ns is None else self.accepted_ns(),
        ).to_bytes()


def _counted(cards: Sequence[StoredCard]) -> Count:
    events = 0
    for card in cards:
        try:
            events += Card.from_bytes(card.payload).count
        except DecodeError:
            events += 1
    return Count(len(cards), events)
