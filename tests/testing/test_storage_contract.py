"""The queue in memory passes the contract of storages, and a careless one does not."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from otel_discord.component.storage import QueueLimits, Settlement, Storage, StoredBatch, StoredCard, WorkQueue
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


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("queue_type", "check"),
    [
        (HandsOutTwice, "test_batches_come_by_priority_then_by_age"),
        (HandsOutTwice, "test_each_batch_is_handed_to_one"),
        (NothingIsDead, "test_settled_waits_for_every_card"),
        (FreesRoomEarly, "test_routing_turns_a_batch_into_cards"),
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
