"""The cards of a stored queue: in lanes, of which the first cards are in memory, until they are settled or buried."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from otel_discord.component.storage import Move, NewCard, NewLetter, Revival, Settlement, StoredCard
from otel_discord.store import operations_cards as card_works
from otel_discord.store import operations_letters as letter_works
from otel_discord.store import operations_repair as repair_works
from otel_discord.store.ended_batches import Ended
from otel_discord.store.lane_counts import LaneCounts
from otel_discord.store.lane_heads import MOST_CARDS, LaneHeads
from otel_discord.store.leaving import Gone, Placed
from otel_discord.store.relational_archive import RelationalArchive
from otel_discord.store.remains import DAMAGED
from otel_discord.store.transactions import Transactions, unbook_nothing
from otel_discord.store.work import Work

_AHEAD_BYTES: Final = 256 << 10
"""How much is read of a lane at a time, at most, if more than what was asked for."""


class RelationalCards(RelationalArchive, ABC):
    """That part of a :class:`~otel_discord.component.storage.WorkQueue`."""

    def __init__(
        self,
        transactions: Transactions,
        owner: str,
        logger: logging.Logger,
        on_damaged: Callable[[int], None],
        wall_clock_ns: Callable[[], int],
    ) -> None:
        super().__init__(transactions, owner, logger, on_damaged)
        self._wall_clock_ns = wall_clock_ns
        self._heads = LaneHeads(MOST_CARDS)
        self._heads_asked_for = 0
        self._counts = LaneCounts()

    async def lanes(self) -> Sequence[str]:
        """Return the lanes that hold cards."""
        return await self._transactions.read(card_works.lanes(self._owner))

    async def waiting(self) -> Mapping[str, int]:
        """Return how many cards each lane holds."""
        counts = self._counts.known()
        if counts is None:
            counts = await self._transactions.read(card_works.waiting(self._owner))
            self._counts.read(counts)
        return counts

    async def head(self, lane: str, limit: int) -> Sequence[StoredCard]:
        """Return up to ``limit`` cards in the order in which they are to be sent; they stay."""
        while True:
            held = self._heads.first(lane, limit)
            if held is not None:
                return held
            self._heads_asked_for += 1
            try:
                ahead_bytes = min(_AHEAD_BYTES, self._heads.share_bytes(self._heads_asked_for))
                work = card_works.head(self._owner, lane, limit, ahead=MOST_CARDS, ahead_bytes=ahead_bytes)
                found = await self._transactions.read(work)
            finally:
                self._heads_asked_for -= 1
            if not found.damaged:
                self._heads.read(lane, found.cards, is_all=found.is_all)
                if found.is_all:
                    self._counts.read_lane(lane, len(found.cards))
                return found.cards[:limit]
            await self._bury_damaged(repair_works.bury_damaged_cards(self._owner, found.damaged, self._wall_clock_ns()))

    async def find(self, card_ids: Sequence[int]) -> Sequence[StoredCard]:
        """Return those of these cards that wait, in the order asked for; damaged ones are left to :meth:`head`."""
        if not card_ids:
            return ()
        return await self._transactions.read(card_works.find(self._owner, card_ids))

    async def settle(self, card_ids: Sequence[int], settlement: Settlement) -> None:
        """End cards, and batches whose last card this was; unknown ids are ignored."""
        if card_ids:
            work = card_works.settle(self._owner, card_ids, settlement)
            await self._transactions.insist(work, lambda gone: self._book_gone(card_ids, gone))

    async def bury(self, letters: Sequence[NewLetter]) -> None:
        """End cards as DEAD and keep their letters; unknown ids are ignored together with their letters."""
        if letters:
            card_ids = [letter.card_id for letter in letters]
            work = card_works.bury(self._owner, letters)
            await self._transactions.insist(work, lambda gone: self._book_gone(card_ids, gone))

    async def mark_sending(self, card_ids: Sequence[int]) -> None:
        """Note that a message with these cards is begun; unknown ids are ignored."""
        if card_ids:
            work = card_works.mark_sending(self._owner, card_ids)
            await self._transactions.insist(work, lambda _: self._heads.marked(card_ids, attempts=1, in_doubt=True))

    async def mark_unsent(self, card_ids: Sequence[int]) -> None:
        """Note that the message begun is certainly not there; unknown ids are ignored."""
        if card_ids:
            work = card_works.mark_unsent(self._owner, card_ids)
            await self._transactions.insist(work, lambda _: self._heads.marked(card_ids, attempts=0, in_doubt=False))

    async def move(self, moves: Sequence[Move]) -> Sequence[int]:
        """Let cards go on in other lanes; unknown ids are left out."""
        if not moves:
            return ()

        def book(placed: Placed) -> None:
            self._heads.removed(each.card_id for each in moves)
            self._book_placed(placed)

        return (await self._transactions.insist(card_works.move(self._owner, moves), book)).card_ids

    async def adopt(self, cards: Sequence[NewCard]) -> Sequence[int]:
        """Put cards into lanes that no batch here has opened; they take no room.

        Raises:
            RetryableError: the database cannot store now; nothing was stored.
        """
        work = card_works.adopt(self._owner, cards)
        return (await self._transactions.write(work, self._book_placed, unbook_nothing)).card_ids

    async def revive(self, revivals: Sequence[Revival]) -> Sequence[int]:
        """Turn dead letters into cards and return the cards' ids; unknown letters are left out.

        Raises:
            RetryableError: the database cannot store now; nothing was changed.
        """
        work = letter_works.revive(self._owner, revivals)
        return (await self._transactions.write(work, self._book_placed, unbook_nothing)).card_ids

    # -------------------------------------------------------------------------------------------------- inside

    @abstractmethod
    def _book_ended(self, ended: Sequence[Ended]) -> None:
        """Note that batches have ended."""

    def _book_gone(self, card_ids: Iterable[int], gone: Gone) -> None:
        self._heads.removed(card_ids)
        self._counts.left(gone.lanes)
        self._book_ended(gone.ended)

    def _book_placed(self, placed: Placed) -> None:
        self._counts.left(placed.left)
        self._counts.came(placed.came)
        for lane in placed.came:
            self._heads.forget(lane)

    def say_damaged(self, count: int) -> None:
        """Count and log rows that have become dead letters since they were damaged."""
        if count:
            self._logger.error(
                "stored rows were damaged; what is left of them is in the dead letters (reason: %s)",
                DAMAGED,
                extra={"queue": self._owner, "rows": count},
            )
            self._on_damaged(count)

    async def _bury_damaged(self, work: Work[repair_works.Buried]) -> None:
        def book(buried: repair_works.Buried) -> None:
            self._counts.left(buried.lanes)
            self._book_ended(buried.ended)
            self.say_damaged(buried.rows)

        await self._transactions.insist(work, book)
