"""A queue in a database whose callers go away: what was being stored is counted right, and turns pass on."""

import asyncio

import pytest

from otel_discord.component.errors import QueueFullError, ShutdownError
from otel_discord.component.storage import Settlement
from otel_discord.store import waiting_batches
from otel_discord.store.relational_queue import RelationalQueue
from otel_discord.testing.otlp import logs_batch
from tests.store.sqlite_database import SqliteStorage
from tests.store.stored_queue import ONE, ROOMY, body, cards, outcome, pause

pytestmark = pytest.mark.looptime


async def test_a_put_that_was_cancelled_while_it_was_stored_is_there(storage: SqliteStorage) -> None:
    database = storage.database
    async with storage.open_queue("q", ONE) as queue, asyncio.TaskGroup() as group:
        database.gate = asyncio.Event()
        taker = group.create_task(queue.take())
        putting = group.create_task(queue.put(logs_batch(body="kept")))
        await pause()
        putting.cancel()
        await asyncio.wait([putting])
        assert putting.cancelled()
        with pytest.raises(QueueFullError):
            await queue.put(logs_batch())
        database.gate.set()
        taken = await asyncio.wait_for(taker, 1)
        assert body(taken.batch) == "kept"
        await queue.done(taken.id)
        assert queue.size == 0


async def test_a_settlement_that_was_cancelled_while_it_was_stored_is_booked(storage: SqliteStorage) -> None:
    database = storage.database
    async with storage.open_queue("q", ONE) as queue, asyncio.TaskGroup() as group:
        batch_id = await queue.put(logs_batch())
        ids = await queue.route(batch_id, cards(2))
        ending = group.create_task(queue.settled(batch_id))
        await pause()
        database.gate = asyncio.Event()
        settling = group.create_task(queue.settle(ids, Settlement.DELIVERED))
        await pause()
        settling.cancel()
        await asyncio.wait([settling])
        database.gate.set()
        assert await asyncio.wait_for(ending, 1) is Settlement.DELIVERED
        assert queue.size == 0


async def test_the_end_of_a_run_waits_for_what_is_being_stored(storage: SqliteStorage) -> None:
    database = storage.database
    async with storage.open_queue("q", ROOMY) as queue:
        database.gate = asyncio.Event()
        putting = asyncio.ensure_future(queue.put(logs_batch()))
        await pause()
        putting.cancel()
        asyncio.get_running_loop().call_later(3, database.gate.set)
    assert len(database.rows("batches")) == 1
    async with storage.open_queue("q", ROOMY) as queue:
        assert queue.size == 1
        assert (await queue.take()).id


async def test_who_waits_for_an_end_hears_that_there_will_be_none(storage: SqliteStorage) -> None:
    async with storage.open_queue("q", ROOMY) as queue:
        batch_id = await queue.put(logs_batch())
        ending = asyncio.ensure_future(outcome(queue.settled(batch_id)))
        room = asyncio.ensure_future(outcome(queue.wait_for_room(logs_batch())))
        await pause()
    assert await ending is ShutdownError
    assert await room is None
    with pytest.raises(ShutdownError):
        await queue.wait_for_room(logs_batch())


async def test_a_taker_that_gives_up_while_reading_leaves_the_batch_to_the_next(storage: SqliteStorage) -> None:
    database = storage.database
    async with storage.open_queue("q", ROOMY) as queue:
        ids = [await queue.put(logs_batch()) for _ in range(2)]
    for pauses in range(12):
        async with storage.open_queue("q", ROOMY) as queue, asyncio.TaskGroup() as group:
            gone = group.create_task(queue.take())
            stays = group.create_task(queue.take())
            for _ in range(pauses):
                await asyncio.sleep(0)
            took = gone.done()
            gone.cancel()
            await asyncio.wait([gone])
            taken = [await asyncio.wait_for(stays, 1)]
            if not took:
                taken.append(await asyncio.wait_for(queue.take(), 1))
            assert sorted(each.id for each in taken) == ids[2 - len(taken) :]
    assert len(database.rows("batches")) == 2


async def test_a_taker_woken_and_cancelled_passes_its_turn_on(queue: RelationalQueue) -> None:
    async with asyncio.TaskGroup() as group:
        gone, stays = group.create_task(queue.take()), group.create_task(queue.take())
        await pause()
        putting = group.create_task(queue.put(logs_batch()))
        while not gone.done() and not putting.done():
            await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        taken = gone if not gone.cancelled() else stays
        assert (await asyncio.wait_for(taken, 1)).id == 1
        if taken is gone:
            await queue.release(1)
            assert (await asyncio.wait_for(stays, 1)).id == 1


async def test_a_taker_cancelled_while_it_reads_passes_its_turn_on(
    storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_batches, "_CACHE_BYTES", 0)
    database = storage.database
    async with storage.open_queue("q", ROOMY) as queue, asyncio.TaskGroup() as group:
        database.gate = asyncio.Event()
        database.held = lambda work: work.name == "read_batch"
        gone, stays = group.create_task(queue.take()), group.create_task(queue.take())
        await pause()
        batch_id = await queue.put(logs_batch())
        await pause()
        gone.cancel()
        await asyncio.wait([gone])
        database.gate.set()
        assert (await asyncio.wait_for(stays, 1)).id == batch_id
