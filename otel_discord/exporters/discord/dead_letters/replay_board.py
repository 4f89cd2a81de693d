"""Which cards are letters sent again, and how they end. Kept beyond one instance of the exporter, as its queue is.

:func:`watched` puts it around a queue: whatever way a card takes (delivered, buried, moved to a fallback's lane), the
board hears of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from otel_discord.component import Move, NewLetter, NewPosted, Settlement, WorkQueue

OnDelivered: TypeAlias = Callable[[Sequence[int]], Awaitable[None]]
"""Told the ids of letters that have arrived."""


@dataclass(slots=True)
class Tally:
    """How the cards of one replay have ended so far. ``news`` is set with each."""

    revived: int = 0
    delivered: int = 0
    dead_again: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def waiting(self) -> int:
        """Cards that are under way."""
        return self.revived - self.delivered - self.dead_again


@dataclass(slots=True)
class ReplayBoard:
    """Cards that are letters sent again."""

    _cards: dict[int, tuple[int, Tally]] = field(default_factory=dict)

    def watch(self, card_id: int, letter_id: int, tally: Tally) -> None:
        """Follow a card that has just been put into its lane."""
        self._cards[card_id] = (letter_id, tally)
        tally.revived += 1

    def letter_of(self, card_id: int) -> int | None:
        """Return the letter that a card is, None for any other card."""
        found = self._cards.get(card_id)
        return found[0] if found else None

    def in_hand(self) -> set[int]:
        """Return the letters that are under way."""
        return {letter_id for letter_id, _ in self._cards.values()}

    def moved(self, card_id: int, new_id: int) -> None:
        """Follow a card into another lane."""
        found = self._cards.pop(card_id, None)
        if found is not None:
            self._cards[new_id] = found

    def ended(self, card_ids: Iterable[int], *, delivered: bool) -> list[int]:
        """Note the end of cards; return those of them that are letters."""
        letters = []
        for card_id in card_ids:
            letter_id, tally = self._cards.pop(card_id, (0, None))
            if tally is None:
                continue
            letters.append(letter_id)
            tally.delivered += delivered
            tally.dead_again += not delivered
            tally.news.set()
        return letters

    def __bool__(self) -> bool:
        return bool(self._cards)


def watched(queue: WorkQueue, board: ReplayBoard, on_delivered: OnDelivered) -> WorkQueue:
    """Return the same queue, with ``board`` looking on."""
    return cast("WorkQueue", _Watched(queue, board, on_delivered))


class _Watched:
    """Everything that is not here is the queue's own."""

    def __init__(self, queue: WorkQueue, board: ReplayBoard, on_delivered: OnDelivered) -> None:
        self._queue = queue
        self._board = board
        self._on_delivered = on_delivered

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def post(self, posted: NewPosted) -> None:
        await self._queue.post(posted)
        if self._board and (letters := self._board.ended((each.card_id for each in posted.cards), delivered=True)):
            await self._on_delivered(letters)

    async def settle(self, card_ids: Sequence[int], settlement: Settlement) -> None:
        await self._queue.settle(card_ids, settlement)
        delivered = settlement is Settlement.DELIVERED
        if self._board and (letters := self._board.ended(card_ids, delivered=delivered)) and delivered:
            await self._on_delivered(letters)

    async def bury(self, letters: Sequence[NewLetter]) -> None:
        await self._queue.bury(letters)
        if self._board:
            self._board.ended((letter.card_id for letter in letters), delivered=False)

    async def move(self, moves: Sequence[Move]) -> Sequence[int]:
        new_ids = await self._queue.move(moves)
        if self._board and len(new_ids) == len(moves):
            for move, new_id in zip(moves, new_ids, strict=True):
                self._board.moved(move.card_id, new_id)
        return new_ids
