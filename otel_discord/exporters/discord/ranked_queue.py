"""A queue whose cards are ranked as they come and go, whatever way they take."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from otel_discord.component import Fold, Move, NewCard, NewLetter, NewPosted, RoutedIds, Settlement, WorkQueue
from otel_discord.component.storage import Revival
from otel_discord.exporters.discord.pressure import Ranks

_LOOK_CARDS: Final = 20_000
"""Of each lane, of what an earlier run left."""


def ranked(queue: WorkQueue, ranks: Ranks) -> WorkQueue:
    """Return the same queue, with ``ranks`` kept up to date."""
    return cast("WorkQueue", _Ranked(queue, ranks))


async def rank_what_waits(queue: WorkQueue, ranks: Ranks) -> None:
    """Look at the cards of which nothing is known. The caller holds back routing meanwhile.

    Raises:
        RetryableError: the storage cannot be read now.
    """
    ranks.is_behind = False
    for lane in await queue.lanes():
        for card in await queue.head(lane, _LOOK_CARDS):
            if card.id not in ranks:
                ranks.came(card.id, lane, card.priority, card.payload)
    ranks.sort()


class _Ranked:
    """Everything that is not here is the queue's own."""

    def __init__(self, queue: WorkQueue, ranks: Ranks) -> None:
        self._queue = queue
        self._ranks = ranks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def route_all(self, cards: Mapping[int, Sequence[NewCard]], folds: Sequence[Fold] = ()) -> RoutedIds:
        routed = await self._queue.route_all(cards, folds)
        for batch_id, ids in routed.cards.items():
            self._came(ids, cards[batch_id])
            if ids:
                self._ranks.opened(batch_id, ids[0])
        if routed.otherwise:
            instead = {fold.card_id: fold.otherwise for fold in folds}
            self._came(routed.otherwise.values(), [instead[card_id] for card_id in routed.otherwise])
        return routed

    async def settle(self, card_ids: Sequence[int], settlement: Settlement) -> None:
        await self._queue.settle(card_ids, settlement)
        self._ranks.left(card_ids)

    async def post(self, posted: NewPosted) -> None:
        await self._queue.post(posted)
        self._ranks.left(each.card_id for each in posted.cards)

    async def bury(self, letters: Sequence[NewLetter]) -> None:
        await self._queue.bury(letters)
        self._ranks.left(letter.card_id for letter in letters)

    async def move(self, moves: Sequence[Move]) -> Sequence[int]:
        new_ids = await self._queue.move(moves)
        self._ranks.left(move.card_id for move in moves)
        self._came_of(new_ids, [move.card for move in moves])
        return new_ids

    async def adopt(self, cards: Sequence[NewCard]) -> Sequence[int]:
        ids = await self._queue.adopt(cards)
        self._came(ids, cards)
        return ids

    async def revive(self, revivals: Sequence[Revival]) -> Sequence[int]:
        ids = await self._queue.revive(revivals)
        self._came_of(ids, [revival.card for revival in revivals])
        return ids

    def _came_of(self, ids: Sequence[int], cards: Sequence[NewCard]) -> None:
        """Note cards that have come, unless some were gone: which, is found out when it matters."""
        if len(ids) == len(cards):
            self._came(ids, cards)
        else:
            self._ranks.is_behind = True

    def _came(self, ids: Iterable[int], cards: Iterable[NewCard]) -> None:
        for card_id, card in zip(ids, cards, strict=True):
            self._ranks.came(card_id, card.lane, card.priority, card.payload)
