"""What a queue in memory promises."""

import asyncio
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable

import pytest

from otel_discord.component.errors import QueueFullError, ShutdownError, StartError
from otel_discord.component.storage import NewCard, QueueLimits, Settlement, Sizer, Storage, WorkQueue
from otel_discord.signals.batch import LogsBatch
from otel_discord.store.memory import MemoryQueue, MemoryStorage

MakeBatch = Callable[..., LogsBatch]
ROOMY = QueueLimits(size=1000, sizer=Sizer.REQUESTS, max_bytes=1 << 30)
pytestmark = pytest.mark.looptime


def limits(size: int, sizer: Sizer = Sizer.REQUESTS, max_bytes: int = 1 << 30) -> QueueLimits:
    return QueueLimits(size, sizer, max_bytes)


@pytest.fixture
async def queue() -> AsyncIterator[MemoryQueue]:
    async with MemoryStorage().open_queue("discord/logs", ROOMY) as opened:
        yield opened


def cards(*priorities: int, lane: str = "ops") -> list[NewCard]:
    return [NewCard(lane, priority, b"%d" % index) for index, priority in enumerate(priorities)]


async def test_is_a_storage_and_a_work_queue() -> None:
    assert isinstance(MemoryStorage(), Storage)
    queue: WorkQueue = MemoryQueue(ROOMY)
    assert queue.size == 0


async def test_batches_come_by_priority_then_by_age(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    for priority in (9, 21, 9, 17, 21):
        await queue.put(make_batch(), priority=priority)
    assert [(await queue.take()).id for _ in range(5)] == [2, 5, 4, 1, 3]


async def test_what_waits_takes_its_room_once(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    batch = make_batch()
    await queue.put(LogsBatch(batch.request, batch.request.SerializeToString()))
    await queue.put(batch)
    first, second = (await queue.take()).batch, (await queue.take()).batch
    assert isinstance(first, LogsBatch)
    assert first.request is batch.request
    assert first.wire == b""
    assert second is batch


async def test_a_released_batch_goes_back_to_its_place(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    for _ in range(3):
        await queue.put(make_batch())
    first = await queue.take()
    await queue.release(first.id)
    await queue.release(first.id)
    assert [(await queue.take()).id for _ in range(3)] == [1, 2, 3]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.take(), 1)


async def test_take_waits_and_each_batch_goes_to_one(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    async with asyncio.TaskGroup() as group:
        takers = [group.create_task(queue.take()) for _ in range(3)]
        await asyncio.sleep(1)
        for _ in range(3):
            await queue.put(make_batch())
    assert sorted(taker.result().id for taker in takers) == [1, 2, 3]


async def test_a_cancelled_taker_passes_its_turn_on(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    first, second = asyncio.ensure_future(queue.take()), asyncio.ensure_future(queue.take())
    await asyncio.sleep(0)
    await queue.put(make_batch())
    first.cancel()
    assert (await asyncio.wait_for(second, 1)).id == 1
    assert (await asyncio.gather(first, return_exceptions=True))[0].__class__ is asyncio.CancelledError


@pytest.mark.parametrize(
    ("bounds", "fitting"),
    [
        (limits(3), 3),
        (limits(5, Sizer.ITEMS), 2),
        (limits(60, Sizer.BYTES), 3),
        (limits(10, max_bytes=40), 2),
    ],
)
async def test_both_bounds_hold(bounds: QueueLimits, fitting: int, make_batch: MakeBatch) -> None:
    batch = make_batch(2, "x")
    assert batch.size_bytes == 18
    async with MemoryStorage().open_queue("q", bounds) as queue:
        for _ in range(fitting):
            await queue.put(batch)
        with pytest.raises(QueueFullError, match="sending queue is full"):
            await queue.put(batch)
        assert queue.size <= queue.capacity == bounds.size
        await queue.done((await queue.take()).id)
        await queue.put(batch)


async def test_what_is_larger_than_the_queue_is_taken_when_it_is_empty(make_batch: MakeBatch) -> None:
    async with MemoryStorage().open_queue("q", limits(3, Sizer.ITEMS, 40)) as queue:
        await queue.put(make_batch(9, "too much"))
        with pytest.raises(QueueFullError):
            await queue.put(make_batch())
        assert queue.size == 9
        await queue.done((await queue.take()).id)
        assert queue.size == 0


async def test_an_empty_request_weighs_nothing(make_batch: MakeBatch) -> None:
    async with MemoryStorage().open_queue("q", limits(1, Sizer.ITEMS)) as queue:
        await queue.put(make_batch(1))
        await queue.put(LogsBatch(make_batch(0).request.__class__()))
        assert queue.size == 1


async def test_room_stays_taken_until_the_last_card_is_settled(make_batch: MakeBatch) -> None:
    async with MemoryStorage().open_queue("q", limits(1)) as queue:
        batch = await queue.put(make_batch())
        await queue.take()
        assert queue.size == 1
        ids = await queue.route(batch, cards(1, 1))
        await queue.settle(ids[:1], Settlement.DELIVERED)
        assert queue.size == 1
        with pytest.raises(QueueFullError):
            await queue.put(make_batch())
        await queue.settle([*ids, 999], Settlement.DELIVERED)
        assert queue.size == 0
        await queue.settle(ids, Settlement.DEAD)
        assert queue.size == 0


async def test_a_batch_that_opened_no_card_frees_its_room_at_once(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    batch = await queue.put(make_batch())
    assert await queue.route(batch, []) == []
    assert queue.size == 0
    assert await queue.settled(batch) is Settlement.DELIVERED


async def test_a_batch_is_routed_once(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    batch = await queue.put(make_batch())
    await queue.route(batch, cards(1))
    for gone in (batch, 99):
        with pytest.raises(KeyError):
            await queue.route(gone, cards(1))
    await queue.done(batch)
    await queue.release(batch)
    assert queue.size == 1


async def test_cards_of_a_lane_come_by_priority_then_by_age(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    for priorities in ((9, 21, 9), (17, 21)):
        await queue.route(await queue.put(make_batch()), cards(*priorities))
    await queue.route(await queue.put(make_batch()), cards(1, lane="other"))
    assert [card.id for card in await queue.head("ops", 10)] == [2, 5, 4, 1, 3]
    assert [card.id for card in await queue.head("ops", 2)] == [2, 5]
    assert (await queue.head("ops", 1))[0].payload == b"1"
    assert await queue.head("ops", 0) == await queue.head("nowhere", 5) == []
    assert sorted(await queue.lanes()) == ["ops", "other"]
    await queue.settle([5, 1, 6], Settlement.DELIVERED)
    assert [card.id for card in await queue.head("ops", 10)] == [2, 4, 3]
    assert await queue.lanes() == ["ops"]


async def test_settled_waits_for_every_card(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    good, bad = await queue.put(make_batch()), await queue.put(make_batch())
    good_ids, bad_ids = await queue.route(good, cards(1, 1)), await queue.route(bad, cards(1, 1))
    async with asyncio.TaskGroup() as group:
        endings = [group.create_task(queue.settled(batch)) for batch in (good, bad, bad)]
        await asyncio.sleep(1)
        await queue.settle([good_ids[0], bad_ids[0]], Settlement.DELIVERED)
        await asyncio.sleep(1)
        assert not any(ending.done() for ending in endings)
        await queue.settle([good_ids[1]], Settlement.DELIVERED)
        await queue.settle([bad_ids[1]], Settlement.DEAD)
    assert [ending.result() for ending in endings] == ["delivered", "dead", "dead"]
    assert await queue.settled(bad) is Settlement.DEAD
    assert await queue.settled(good) is Settlement.DELIVERED


async def test_room_is_given_in_the_order_of_asking(make_batch: MakeBatch) -> None:
    async with MemoryStorage().open_queue("q", limits(4, Sizer.ITEMS)) as queue:
        order: list[str] = []

        async def produce(name: str, records: int) -> None:
            batch = make_batch(records)
            await queue.wait_for_room(batch)
            await queue.put(batch)
            order.append(name)

        async with asyncio.TaskGroup() as group:
            for name, records in (("a", 4), ("big", 3), ("b", 1), ("c", 2)):
                group.create_task(produce(name, records))
            await asyncio.sleep(1)
            assert order == ["a"]
            await queue.done(1)
            await asyncio.sleep(1)
            assert order == ["a", "big", "b"]
            await queue.done(2)
        assert order == ["a", "big", "b", "c"]
        assert queue.size == 3


async def test_room_given_to_a_waiter_is_not_taken_by_another(make_batch: MakeBatch) -> None:
    async with MemoryStorage().open_queue("q", limits(1)) as queue:
        await queue.put(make_batch())
        waiter = asyncio.ensure_future(queue.wait_for_room(make_batch()))
        await asyncio.sleep(0)
        await queue.done(1)
        with pytest.raises(QueueFullError):
            await queue.put(make_batch())
        await waiter
        await queue.put(make_batch())


async def test_a_cancelled_waiter_leaves_no_room_behind(make_batch: MakeBatch) -> None:
    async with MemoryStorage().open_queue("q", limits(2, Sizer.ITEMS)) as queue:
        await queue.put(make_batch(2))
        early, late = (asyncio.ensure_future(queue.wait_for_room(make_batch(n))) for n in (2, 1))
        await asyncio.sleep(0)
        await queue.done(1)
        early.cancel()  # after its turn had come
        await asyncio.wait_for(late, 1)
        assert queue.size == 0
        await queue.put(make_batch(2))
        blocked, small = (asyncio.ensure_future(queue.wait_for_room(make_batch(n))) for n in (2, 0))
        await asyncio.sleep(0)
        blocked.cancel()  # while it blocked the one behind it
        await asyncio.wait_for(small, 1)
        await asyncio.gather(early, blocked, return_exceptions=True)


async def test_a_closed_queue_hands_out_what_it_has_and_then_ends(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    await queue.put(make_batch())
    queue.close()
    with pytest.raises(ShutdownError):
        await queue.put(make_batch())
    with pytest.raises(ShutdownError):
        await queue.wait_for_room(make_batch())
    taken = await queue.take()
    with pytest.raises(ShutdownError):
        await queue.take()
    ids = await queue.route(taken.id, cards(1))
    await queue.settle(ids, Settlement.DELIVERED)
    assert queue.size == 0


async def test_closing_ends_every_wait(make_batch: MakeBatch) -> None:
    async with MemoryStorage().open_queue("q", limits(1)) as queue:
        await queue.route(await queue.put(make_batch()), cards(1))
        waits = [queue.take(), queue.take(), queue.wait_for_room(make_batch()), queue.settled(1)]
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        await asyncio.sleep(0)
    ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 1)
    assert [type(end) for end in ends] == [ShutdownError] * 4


async def test_what_a_run_left_is_there_in_the_next(make_batch: MakeBatch) -> None:
    storage = MemoryStorage()
    async with storage.open_queue("q", ROOMY) as queue:
        for _ in range(3):
            await queue.put(make_batch())
        await queue.take()
        await queue.route((await queue.take()).id, cards(1))
        await queue.set_state("key", b"value")
    async with storage.open_queue("q", limits(2)) as queue:
        assert (queue.size, queue.capacity) == (3, 2)
        assert await queue.get_state("key") == b"value"
        assert len(await queue.head("ops", 5)) == 1
        assert [(await queue.take()).id for _ in range(2)] == [1, 3]
        with pytest.raises(QueueFullError):
            await queue.put(make_batch())


async def test_queues_do_not_mix_and_open_once(make_batch: MakeBatch) -> None:
    storage = MemoryStorage()
    async with storage.open_queue("a", ROOMY) as first, storage.open_queue("b", ROOMY) as second:
        await first.put(make_batch())
        assert (first.size, second.size) == (1, 0)
        with pytest.raises(StartError, match="already open"):
            async with storage.open_queue("a", ROOMY):
                pass


async def test_state_is_set_and_removed(queue: MemoryQueue) -> None:
    await queue.set_state("a", b"1")
    await queue.set_state("b", b"2")
    await queue.set_state("a", None)
    await queue.set_state("never", None)
    assert (await queue.get_state("a"), await queue.get_state("b")) == (None, b"2")


async def test_a_large_backlog_costs_little(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    count = 100_000
    batch = await queue.put(make_batch())
    tracemalloc.start()
    news = [NewCard("ops", index % 3, b"") for index in range(count)]
    before = tracemalloc.get_traced_memory()[0]
    ids = await queue.route(batch, news)
    assert (tracemalloc.get_traced_memory()[0] - before) / count < 300
    tracemalloc.stop()
    began = time.perf_counter()
    await queue.settle(ids[1 : count // 2], Settlement.DELIVERED)  # the oldest stays, with a hole behind it
    for _ in range(1000):
        assert len(await queue.head("ops", 10)) == 10
    await queue.settle([card.id for card in await queue.head("ops", count)], Settlement.DELIVERED)
    assert time.perf_counter() - began < 5
    assert queue.size == 0


async def test_who_gave_up_waiting_keeps_nobody_else_waiting(make_batch: MakeBatch) -> None:
    async with MemoryStorage().open_queue("q", limits(1)) as queue:
        (card,) = await queue.route(await queue.put(make_batch()), cards(1))
        gone, stays = (asyncio.ensure_future(queue.settled(1)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await queue.settle([card], Settlement.DELIVERED)
        assert await asyncio.wait_for(stays, 1) is Settlement.DELIVERED


async def test_closing_passes_over_who_gave_up_waiting(make_batch: MakeBatch) -> None:
    async with MemoryStorage().open_queue("q", limits(1)) as queue:
        await queue.route(await queue.put(make_batch()), cards(1))
        gone = [asyncio.ensure_future(wait) for wait in (queue.settled(1), queue.wait_for_room(make_batch()))]
        stays = [asyncio.ensure_future(wait) for wait in (queue.settled(1), queue.wait_for_room(make_batch()))]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
    ends = await asyncio.wait_for(asyncio.gather(*stays, return_exceptions=True), 1)
    assert [type(end) for end in ends] == [ShutdownError] * 2


async def test_endings_that_nobody_asks_for_are_forgotten_at_last(queue: MemoryQueue, make_batch: MakeBatch) -> None:
    for _ in range(4097):
        batch_id = await queue.put(make_batch())
        await queue.settle(await queue.route(batch_id, cards(1)), Settlement.DEAD)
    assert await queue.settled(2) is Settlement.DEAD
    assert await queue.settled(1) is Settlement.DELIVERED
