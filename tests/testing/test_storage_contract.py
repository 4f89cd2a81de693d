"""The queue in memory passes the contract of storages, and a careless one does not."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component.storage import (
    Fold,
    Move,
    NewCard,
    NewPosted,
    PostedCard,
    QueueLimits,
    RoutedIds,
    Settlement,
    Storage,
    StoredBatch,
    StoredCard,
    WorkQueue,
)
from otel_discord.store.memory import MemoryQueue, MemoryStorage
from otel_discord.testing.storage_contract import ROOMY, StorageContract


class TestMemoryStorage(StorageContract):
    pytestmark = pytest.mark.looptime

    @asynccontextmanager
    async def storage(self) -> AsyncIterator[Storage]:
        yield MemoryStorage()


class HandsOutTwice(MemoryQueue):
    async def take(self) -> StoredBatch:
        taken = await super().take()
        await self.release(taken.id)
        return taken


class NothingIsDead(MemoryQueue):
    async def settle(self, card_ids: Any, settlement: Settlement) -> None:
        await super().settle(card_ids, Settlement.DELIVERED)


class FreesRoomEarly(MemoryQueue):
    @property
    def size(self) -> int:
        return 0


class NewestFirst(MemoryQueue):
    async def head(self, lane: str, limit: int) -> Sequence[StoredCard]:
        return [*reversed(await super().head(lane, 1000))][:limit]


class LosesWhatCannotBeFolded(MemoryQueue):
    async def route_all(self, cards: Any, folds: Sequence[Fold] = ()) -> RoutedIds:
        there = {card.id for lane in await self.lanes() for card in await self.head(lane, 1000)}
        return await super().route_all(cards, [fold for fold in folds if fold.card_id in there])


class PostsWhatWasSent(MemoryQueue):
    """Takes the payloads at the time when the message is begun."""

    def __init__(self, limits: QueueLimits) -> None:
        super().__init__(limits)
        self.sent: dict[int, bytes] = {}

    async def mark_sending(self, card_ids: Sequence[int]) -> None:
        await super().mark_sending(card_ids)
        self.sent = {card.id: card.payload for card in await self.head("ops", 1000)}

    async def post(self, posted: NewPosted) -> None:
        await super().post(posted)
        lost = NewCard("lost", 0, b"")
        await super().route_all({}, [Fold(each.card_id, self.sent[each.card_id], lost) for each in posted.cards])


class KeepsMovedCardsPosted(MemoryQueue):
    async def move(self, moves: Sequence[Move]) -> Sequence[int]:
        posted = await self.posted("ops")
        moved = await super().move(moves)
        for each in posted:
            cards = [PostedCard(card.id, card.priority, card.payload, card.shown) for card in each.cards]
            self._posted.post(NewPosted("ops", each.message_id, each.posted_ns, each.note, []), cards)
        return moved


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("queue_type", "check"),
    [
        (HandsOutTwice, "test_batches_come_by_priority_then_by_age"),
        (HandsOutTwice, "test_each_batch_is_handed_to_one"),
        (NothingIsDead, "test_settled_waits_for_every_card"),
        (FreesRoomEarly, "test_routing_turns_a_batch_into_cards"),
        (LosesWhatCannotBeFolded, "test_what_cannot_be_folded_becomes_a_card"),
        (LosesWhatCannotBeFolded, "test_thousands_at_once"),
        (PostsWhatWasSent, "test_a_card_may_count_for_more_than_was_sent"),
        (KeepsMovedCardsPosted, "test_a_posted_card_goes_on_in_a_lane"),
        (NewestFirst, "test_cards_of_a_lane_come_by_priority_then_by_age"),
    ],
)
async def test_a_careless_storage_is_found_out(queue_type: type[MemoryQueue], check: str) -> None:
    class Checks(StorageContract):
        @asynccontextmanager
        async def queue(self, limits: QueueLimits = ROOMY) -> AsyncIterator[WorkQueue]:
            yield queue_type(limits)

    with pytest.raises((AssertionError, ExceptionGroup)):
        await getattr(Checks(), check)()
