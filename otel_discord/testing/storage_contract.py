"""What every storage of a sending queue must do, as a class of tests to inherit.

    class TestMyStorage(StorageContract):
        @asynccontextmanager
        async def storage(self):
            yield MyStorage(...)

pytest (in asyncio's auto mode) collects its ``test_`` methods. The clock may be real or virtual.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from otel_discord.component.errors import QueueFullError, ShutdownError
from otel_discord.component.storage import NewCard, QueueLimits, Settlement, Sizer, Storage, StoredCard, WorkQueue
from otel_discord.signals.batch import Batch, LogsBatch
from otel_discord.testing.expect import raises, still_waits, within
from otel_discord.testing.otlp import logs_batch, metrics_batch, traces_batch

ROOMY = QueueLimits(size=10_000, sizer=Sizer.REQUESTS, max_bytes=1 << 30)
_PATIENCE_S = 10.0


class StorageContract:
    """Inherit, and say in :meth:`storage` how to make one."""

    def storage(self) -> AbstractAsyncContextManager[Storage]:
        """Return the lifetime of a storage that holds nothing yet."""
        raise NotImplementedError

    @asynccontextmanager
    async def queue(self, limits: QueueLimits = ROOMY) -> AsyncIterator[WorkQueue]:
        """Open a queue on a new storage."""
        async with self.storage() as storage, storage.open_queue("discord/logs", limits) as queue:
            yield queue

    # ------------------------------------------------------------------------------------------------- batches

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
                taken = await within(_PATIENCE_S, queue.take())
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
            await within(_PATIENCE_S, asyncio.gather(*takers, *putters), "moving sixty batches")
            taken = [batch_id for taker in takers for batch_id in taker.result()]
            assert sorted(taken) == sorted(batch_id for putter in putters for batch_id in putter.result())
            assert len(set(taken)) == count

    async def test_take_waits_for_a_batch(self) -> None:
        """An empty queue makes a taker wait, and a cancelled taker takes nothing along."""
        async with self.queue() as queue, asyncio.TaskGroup() as group:
            gone, waiting = group.create_task(queue.take()), group.create_task(queue.take())
            await still_waits(waiting)
            gone.cancel()
            await asyncio.wait([gone])
            batch_id = await queue.put(logs_batch())
            assert (await within(_PATIENCE_S, waiting)).id == batch_id

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
            await within(_PATIENCE_S, queue.wait_for_room(logs_batch()))
            await queue.put(logs_batch())
            waiting = group.create_task(queue.wait_for_room(logs_batch()))
            await still_waits(waiting)
            await queue.done((await queue.take()).id)
            await within(_PATIENCE_S, waiting)
            await queue.put(logs_batch())

    # --------------------------------------------------------------------------------------------------- cards

    async def test_routing_turns_a_batch_into_cards(self) -> None:
        """The batch is gone, its cards are in their lanes, its room stays taken until the last is settled."""
        async with self.queue(QueueLimits(1, Sizer.REQUESTS, 1 << 30)) as queue:
            batch_id = await queue.put(logs_batch())
            await queue.take()
            ids = await queue.route(batch_id, [NewCard("ops", 9, b"\0one"), NewCard("errors", 9, b"")])
            assert sorted(await queue.lanes()) == ["errors", "ops"]
            assert await queue.head("ops", 5) == [StoredCard(ids[0], "ops", 9, b"\0one")]
            assert await queue.head("errors", 5) == [StoredCard(ids[1], "errors", 9, b"")]
            await queue.settle([ids[0], 999_999], Settlement.DELIVERED)
            assert (queue.size, list(await queue.lanes())) == (1, ["errors"])
            with raises(QueueFullError):
                await queue.put(logs_batch())
            await queue.settle([ids[1], ids[0]], Settlement.DELIVERED)
            assert (queue.size, list(await queue.lanes())) == (0, [])
            await queue.put(logs_batch())

    async def test_a_batch_without_cards_frees_its_room(self) -> None:
        """All its records were folded into cards that exist."""
        async with self.queue() as queue:
            batch_id = await queue.put(logs_batch())
            assert list(await queue.route((await queue.take()).id, [])) == []
            assert queue.size == 0
            assert await within(_PATIENCE_S, queue.settled(batch_id)) is Settlement.DELIVERED

    async def test_cards_of_a_lane_come_by_priority_then_by_age(self) -> None:
        """Also across batches; ``head`` takes nothing away and gives at most what was asked for."""
        async with self.queue() as queue:
            ids = [*await _route(queue, 9, 21, 9), *await _route(queue, 17, 21)]
            await _route(queue, 24, lane="other")
            assert ids == sorted(ids)
            expected = [ids[n] for n in (1, 4, 3, 0, 2)]
            assert [card.id for card in await queue.head("ops", 10)] == expected
            assert [card.id for card in await queue.head("ops", 2)] == expected[:2]
            assert list(await queue.head("ops", 0)) == list(await queue.head("nowhere", 5)) == []
            await queue.settle([ids[4], ids[0]], Settlement.DELIVERED)
            assert [card.id for card in await queue.head("ops", 10)] == [ids[n] for n in (1, 3, 2)]

    async def test_settled_waits_for_every_card(self) -> None:
        """DEAD if any of them was; also for who asks late or together."""
        async with self.queue() as queue, asyncio.TaskGroup() as group:
            good, bad = await queue.put(logs_batch()), await queue.put(logs_batch())
            good_ids = await queue.route(good, [NewCard("ops", 9, b"")] * 2)
            bad_ids = await queue.route(bad, [NewCard("ops", 9, b"")] * 2)
            endings = [group.create_task(queue.settled(batch_id)) for batch_id in (good, bad, bad)]
            await queue.settle([good_ids[0], bad_ids[0]], Settlement.DELIVERED)
            for ending in endings:
                await still_waits(ending)
            await queue.settle([good_ids[1]], Settlement.DELIVERED)
            await queue.settle([bad_ids[1]], Settlement.DEAD)
            results = [await within(_PATIENCE_S, ending) for ending in endings]
            assert results == [Settlement.DELIVERED, Settlement.DEAD, Settlement.DEAD]
            assert await within(_PATIENCE_S, queue.settled(bad)) is Settlement.DEAD

    async def test_done_settles_a_batch_without_cards(self) -> None:
        """Exporters without cards end a batch by ``done``."""
        async with self.queue() as queue:
            batch_id = await queue.put(logs_batch())
            await queue.done((await queue.take()).id)
            assert queue.size == 0
            assert await within(_PATIENCE_S, queue.settled(batch_id)) is Settlement.DELIVERED

    # ------------------------------------------------------------------------------------- state, ends and runs

    async def test_state_is_kept_by_key(self) -> None:
        """Any bytes; None removes."""
        async with self.queue() as queue:
            await queue.set_state("a", bytes(range(256)))
            await queue.set_state("b", b"")
            await queue.set_state("c", b"1")
            await queue.set_state("c", b"2")
            await queue.set_state("a/b", b"x")
            await queue.set_state("a/b", None)
            await queue.set_state("never", None)
            found = [await queue.get_state(key) for key in ("a", "b", "c", "a/b", "never")]
            assert found == [bytes(range(256)), b"", b"2", None, None]

    async def test_a_closed_queue_hands_out_what_it_has(self) -> None:
        """New batches are refused; a taker that finds nothing hears that the queue is closed."""
        async with self.queue() as queue, asyncio.TaskGroup() as group:
            batch_id = await queue.put(logs_batch())
            queue.close()
            with raises(ShutdownError):
                await queue.put(logs_batch())
            assert (await within(_PATIENCE_S, queue.take())).id == batch_id
            waiting = group.create_task(_outcome(queue))
            assert await within(_PATIENCE_S, waiting) is ShutdownError
            ids = await queue.route(batch_id, [NewCard("ops", 9, b"x")])
            await queue.settle(ids, Settlement.DELIVERED)
            assert queue.size == 0

    async def test_closing_wakes_who_waits(self) -> None:
        """Every taker ends."""
        async with self.queue() as queue, asyncio.TaskGroup() as group:
            waiting = [group.create_task(_outcome(queue)) for _ in range(3)]
            await still_waits(waiting[0])
            queue.close()
            assert [await within(_PATIENCE_S, each) for each in waiting] == [ShutdownError] * 3

    async def test_what_a_run_left_is_there_in_the_next(self) -> None:
        """Waiting batches, those in somebody's hands, cards, state and the room that they take."""
        async with self.storage() as storage:
            async with storage.open_queue("q", ROOMY) as queue:
                first = await queue.put(logs_batch(body="first"))
                routed = await queue.put(logs_batch(), priority=1)
                third = await queue.put(logs_batch(body="third"))
                assert (await queue.take()).id == routed
                cards = await queue.route(routed, [NewCard("ops", 3, b"card")])
                assert (await queue.take()).id == first
                await queue.set_state("key", b"value")
            async with storage.open_queue("q", ROOMY) as queue:
                assert queue.size == 3
                assert await queue.get_state("key") == b"value"
                assert await queue.head("ops", 5) == [StoredCard(cards[0], "ops", 3, b"card")]
                again = [await within(_PATIENCE_S, queue.take()) for _ in range(2)]
                assert [each.id for each in again] == [first, third]
                assert [_body(each.batch) for each in again] == ["first", "third"]
                assert await queue.put(logs_batch()) not in {first, routed, third}
                await queue.settle(cards, Settlement.DELIVERED)
                assert queue.size == 3

    async def test_queues_do_not_mix(self) -> None:
        """Two owners share a storage and nothing else."""
        async with (
            self.storage() as storage,
            storage.open_queue("discord/logs", ROOMY) as one,
            storage.open_queue("discord/two/logs", ROOMY) as two,
        ):
            await _route(one, 9)
            await one.put(logs_batch())
            await one.set_state("key", b"one")
            assert (one.size, two.size) == (2, 0)
            assert (list(await two.lanes()), await two.get_state("key")) == ([], None)


async def _route(queue: WorkQueue, *priorities: int, lane: str = "ops") -> Sequence[int]:
    batch_id = await queue.put(logs_batch())
    await queue.take()
    return await queue.route(batch_id, [NewCard(lane, priority, b"x") for priority in priorities])


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


def _body(batch: Batch) -> str:
    assert isinstance(batch, LogsBatch)
    return next(iter(batch.records()))[2].body.string_value
