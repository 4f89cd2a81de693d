"""What Discord has is settled while the next message is made; that one goes out when both are stored."""

import asyncio
import logging
from collections.abc import Sequence

import pytest

from otel_discord.component import NewCard, QueueLimits, RetryableError, Settlement, ShutdownError, Sizer, StoredCard
from otel_discord.exporters.discord.lane import Lane
from otel_discord.store.memory import MemoryQueue

pytestmark = pytest.mark.looptime


class SlowQueue(MemoryQueue):
    """Settles when the gate is open; until then it refuses or keeps waiting."""

    def __init__(self) -> None:
        super().__init__(QueueLimits(100, Sizer.REQUESTS, 10**9))
        self.gate = asyncio.Event()
        self.refuses = False
        self.error: Exception | None = None
        self.steps: list[str] = []

    async def settle(self, card_ids: Sequence[int], settlement: Settlement) -> None:
        self.steps.append("settle")
        if self.error is not None:
            raise self.error
        if self.refuses and not self.gate.is_set():
            raise RetryableError("the disk is full")
        await self.gate.wait()
        await super().settle(card_ids, settlement)
        self.steps.append("settled")

    async def mark_sending(self, card_ids: Sequence[int]) -> None:
        await super().mark_sending(card_ids)
        self.steps.append("marked")


async def lane_of(count: int) -> tuple[SlowQueue, Lane, Sequence[StoredCard]]:
    queue = SlowQueue()
    await queue.adopt([NewCard("ops", 0, b"%d" % number) for number in range(count)])
    lane = Lane(name="ops", queue=queue, logger=logging.getLogger("test"))
    return queue, lane, await lane.head(count)


async def test_the_next_message_is_noted_meanwhile_and_waits_for_the_end_of_the_one_before() -> None:
    queue, lane, (first, second, third) = await lane_of(3)
    await lane.delivered([first])
    assert await lane.head(1) == [second]
    marking = asyncio.create_task(lane.mark_sending([second]))
    await asyncio.sleep(5)
    assert queue.steps == ["settle", "marked"]
    assert not marking.done()
    queue.gate.set()
    await asyncio.wait_for(marking, 1)
    assert [card.id for card in await lane.head(9)] == [second.id, third.id]


@pytest.mark.parametrize("refuses", [False, True])
async def test_what_discord_has_is_never_shown_again(refuses: bool) -> None:
    queue, lane, (first, second, third) = await lane_of(3)
    queue.refuses = refuses
    await lane.delivered([first, second])
    await asyncio.sleep(3)
    assert await lane.head(1) == await lane.head(9) == [third]
    assert [lane.has_ended(card.id) for card in (first, second, third)] == [True, True, False]
    queue.gate.set()
    await lane.settled()
    assert await queue.waiting() == {"ops": 1}
    assert not lane.has_ended(first.id)


async def test_one_message_is_settled_after_the_other() -> None:
    queue, lane, (first, second) = await lane_of(2)
    await lane.delivered([first])
    next_one = asyncio.create_task(lane.delivered([second]))
    await asyncio.sleep(1)
    assert queue.steps == ["settle"]
    queue.gate.set()
    await next_one
    await lane.settled()
    assert queue.steps == ["settle", "settled"] * 2


async def test_a_closed_storage_is_heard_of_at_the_next_message() -> None:
    queue, lane, (first, second) = await lane_of(2)
    queue.error = ShutdownError("storage is closed")
    await lane.delivered([first])
    with pytest.raises(ShutdownError, match="closed"):
        await lane.mark_sending([second])
    await lane.settled()


async def test_who_is_cancelled_waits_a_moment_for_what_is_being_settled() -> None:
    queue, lane, (first, second) = await lane_of(2)
    queue.refuses = True
    await lane.delivered([first])
    marking = asyncio.create_task(lane.mark_sending([second]))
    await asyncio.sleep(1)
    marking.cancel()
    await asyncio.wait([marking])
    asyncio.get_running_loop().call_later(1, queue.gate.set)
    await lane.leave()
    assert await queue.waiting() == {"ops": 1}


async def test_a_storage_that_goes_on_refusing_holds_up_no_end() -> None:
    queue, lane, (first,) = await lane_of(1)
    queue.refuses = True
    await lane.delivered([first])
    async with asyncio.timeout(20):
        await lane.leave()
    await asyncio.sleep(0)
    tries = len(queue.steps)
    await asyncio.sleep(60)
    assert len(queue.steps) == tries
