"""Part of the storage contract: batches, and the room that they take."""

import asyncio

from otel_discord.component.errors import QueueFullError, ShutdownError
from otel_discord.component.storage import NewCard, QueueLimits, Settlement, Sizer, Storage, WorkQueue
from otel_discord.signals.batch import Batch
from otel_discord.testing.expect import raises, still_waits, within
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch
from otel_discord.testing.storage_contract_base import PATIENCE_S, StorageContractBase


class BatchesContract(StorageContractBase):
    """Put, take, release, done."""

    async def test_is_a_storage(self) -> None:
        """The protocol is met as the service checks it."""
        async with self.storage() as storage:
            assert isinstance(storage, Storage)

    async def test_a_batch_comes_out_as_it_went_in(self) -> None:
        """Logs, metrics and traces keep every byte."""
        batches: list[Batch] = [logs_batch(3), metrics_batch(2), traces_batch(2)]
        async with self.queue() as queue:
            for batch in batches:
                batch_id = await queue.put(batch)
                taken = await within(PATIENCE_S, queue.take())
                assert taken.id == batch_id
                assert taken.batch.request == batch.request
                assert taken.batch.signal == batch.signal
                await queue.done(batch_id)

    async def test_batches_come_by_priority_then_by_age(self) -> None:
        """Highest priority first, then oldest."""
        async with self.queue() as queue:
            ids = [await queue.put(logs_batch(), priority=priority) for priority in (9, 21, 9, 17, 21)]
            taken = [await queue.take() for _ in ids]
            assert [each.id for each in taken] == [ids[n] for n in (1, 4, 3, 0, 2)]
            assert [each.priority for each in taken] == [21, 21, 17, 9, 9]

    async def test_a_released_batch_goes_back_to_its_place(self) -> None:
        """It comes before younger ones of its priority."""
        async with self.queue() as queue:
            ids = [await queue.put(logs_batch()) for _ in range(3)]
            await queue.release((await queue.take()).id)
            assert [(await queue.take()).id for _ in ids] == ids

    async def test_each_batch_is_handed_to_one(self) -> None:
        """Many takers and many putters: nothing twice, nothing lost."""
        count = 60
        async with self.queue() as queue, asyncio.TaskGroup() as group:
            takers = [group.create_task(_take_some(queue, 15)) for _ in range(4)]
            putters = [group.create_task(_put_some(queue, 20)) for _ in range(3)]
            await within(PATIENCE_S, asyncio.gather(*takers, *putters), "moving sixty batches")
            taken = [batch_id for taker in takers for batch_id in taker.result()]
            assert sorted(taken) == sorted(batch_id for putter in putters for batch_id in putter.result())
            assert len(set(taken)) == count

    async def test_more_batches_come_in_order_within_a_bound(self) -> None:
        """What is returned comes next; it may be less than there is."""
        async with self.queue() as queue:
            assert list(await queue.take_more(10)) == []
            ids = [await queue.put(logs_batch(2), priority=priority) for priority in (9, 21, 9, 17)]
            in_order = [ids[n] for n in (1, 3, 0, 2)]
            assert (await queue.take()).id == in_order[0]
            more = [each.id for each in await queue.take_more(5)]
            assert more == in_order[1 : 1 + len(more)]
            assert len(more) <= 2
            assert list(await queue.take_more(1)) == []
            for batch_id in more:
                await queue.release(batch_id)
            assert [(await queue.take()).id for _ in range(3)] == in_order[1:]

    async def test_several_batches_are_routed_in_one_step(self) -> None:
        """Their cards stand in the order of the batches; what is not there is left out."""
        async with self.queue() as queue:
            ids = [await queue.put(logs_batch()) for _ in range(4)]
            await queue.route(ids[3], [NewCard("ops", 9, b"first")])
            cards = {batch_id: [NewCard("ops", 9, b"%d" % n), NewCard("b", 9, b"")] for n, batch_id in enumerate(ids)}
            await queue.route_all({**cards, ids[1]: [], 999: [NewCard("ops", 9, b"nobody's")]})
            head = await queue.head("ops", 9)
            assert [card.payload for card in head] == [b"first", b"0", b"2"]
            assert await queue.waiting() == {"ops": 3, "b": 2}
            assert await within(PATIENCE_S, queue.settled(ids[1])) is Settlement.DELIVERED
            assert queue.size == 3
            await queue.settle([card.id for card in [*head, *await queue.head("b", 9)]], Settlement.DELIVERED)
            assert queue.size == 0

    async def test_take_waits_for_a_batch(self) -> None:
        """An empty queue makes a taker wait, and a cancelled taker takes nothing along."""
        async with self.queue() as queue, asyncio.TaskGroup() as group:
            gone, waiting = group.create_task(queue.take()), group.create_task(queue.take())
            await still_waits(waiting)
            gone.cancel()
            await asyncio.wait([gone])
            batch_id = await queue.put(logs_batch())
            assert (await within(PATIENCE_S, waiting)).id == batch_id

    # ---------------------------------------------------------------------------------------------------- room

    async def test_the_sizer_decides_what_is_full(self) -> None:
        """Requests, items and bytes; ``max_bytes`` holds beside each."""
        batch = logs_batch(2)
        size_bytes = batch.size_bytes
        for limits, fitting in [
            (QueueLimits(3, Sizer.REQUESTS, 1 << 30), 3),
            (QueueLimits(5, Sizer.ITEMS, 1 << 30), 2),
            (QueueLimits(size_bytes * 2, Sizer.BYTES, 1 << 30), 2),
            (QueueLimits(10, Sizer.REQUESTS, size_bytes * 2), 2),
        ]:
            async with self.queue(limits) as queue:
                for _ in range(fitting):
                    await queue.put(batch)
                with raises(QueueFullError):
                    await queue.put(batch)
                assert 0 < queue.size <= queue.capacity == limits.size
                await queue.done((await queue.take()).id)
                await queue.put(batch)

    async def test_what_is_too_large_is_taken_while_the_queue_is_empty(self) -> None:
        """Otherwise it could never be sent."""
        async with self.queue(QueueLimits(3, Sizer.ITEMS, 1 << 30)) as queue:
            batch_id = await queue.put(logs_batch(9))
            with raises(QueueFullError):
                await queue.put(logs_batch())
            await queue.done((await queue.take()).id)
            assert queue.size == 0
            assert batch_id != await queue.put(logs_batch(9))
        async with self.queue(QueueLimits(3, Sizer.ITEMS, 1 << 30)) as queue:
            await queue.put(logs_batch())
            with raises(QueueFullError):
                await queue.put(logs_batch(9))

    async def test_waiting_for_room(self) -> None:
        """It returns when a ``put`` has room, and at once where there is."""
        async with self.queue(QueueLimits(1, Sizer.REQUESTS, 1 << 30)) as queue, asyncio.TaskGroup() as group:
            await within(PATIENCE_S, queue.wait_for_room(logs_batch()))
            await queue.put(logs_batch())
            waiting = group.create_task(queue.wait_for_room(logs_batch()))
            await still_waits(waiting)
            await queue.done((await queue.take()).id)
            await within(PATIENCE_S, waiting)
            await queue.put(logs_batch())

    async def test_a_closed_queue_hands_out_what_it_has(self) -> None:
        """New batches are refused; a taker that finds nothing hears that the queue is closed."""
        async with self.queue() as queue, asyncio.TaskGroup() as group:
            batch_id = await queue.put(logs_batch())
            queue.close()
            with raises(ShutdownError):
                await queue.put(logs_batch())
            assert (await within(PATIENCE_S, queue.take())).id == batch_id
            waiting = group.create_task(_outcome(queue))
            assert await within(PATIENCE_S, waiting) is ShutdownError
            ids = await queue.route(batch_id, [NewCard("ops", 9, b"x")])
            await queue.settle(ids, Settlement.DELIVERED)
            assert queue.size == 0

    async def test_closing_wakes_who_waits(self) -> None:
        """Every taker ends."""
        async with self.queue() as queue, asyncio.TaskGroup() as group:
            waiting = [group.create_task(_outcome(queue)) for _ in range(3)]
            await still_waits(waiting[0])
            queue.close()
            assert [await within(PATIENCE_S, each) for each in waiting] == [ShutdownError] * 3


async def _put_some(queue: WorkQueue, count: int) -> list[int]:
    ids = []
    for _ in range(count):
        ids.append(await queue.put(logs_batch()))
        await asyncio.sleep(0)
    return ids


async def _take_some(queue: WorkQueue, count: int) -> list[int]:
    ids = []
    for _ in range(count):
        taken = await queue.take()
        await asyncio.sleep(0)
        await queue.done(taken.id)
        ids.append(taken.id)
    return ids


async def _outcome(queue: WorkQueue) -> type[BaseException] | None:
    try:
        await queue.take()
    except ShutdownError as error:
        return type(error)
    return None
