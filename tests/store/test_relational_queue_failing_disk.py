"""A queue in a database whose disk fails: what is stored later, what is said at once, what waits."""

import asyncio

import pytest

from otel_discord.component.errors import RetryableError, ShutdownError, StartError
from otel_discord.component.storage import Move, NewCard, Settlement
from otel_discord.store.relational_queue import RelationalQueue, open_relational_queue
from otel_discord.store.work import Access
from otel_discord.testing.otlp import logs_batch
from tests.store.sqlite_database import SqliteDatabase, SqliteStorage
from tests.store.stored_queue import ONE, ROOMY, bury, cards, outcome, pause, refuse_once

pytestmark = pytest.mark.looptime


async def test_what_is_not_stored_takes_no_room(storage: SqliteStorage) -> None:
    async with storage.open_queue("q", ONE) as queue:
        refuse_once(storage.database, "put")
        with pytest.raises(RetryableError, match="no space left"):
            await queue.put(logs_batch())
        assert queue.size == 0
        batch_id = await queue.put(logs_batch())
        assert (await queue.take()).id == batch_id


async def test_room_that_comes_back_is_given_to_who_waits(storage: SqliteStorage) -> None:
    async with storage.open_queue("q", ONE) as queue, asyncio.TaskGroup() as group:
        storage.database.gate = asyncio.Event()
        refuse_once(storage.database, "put")
        failing = group.create_task(outcome(queue.put(logs_batch())))
        waiting = group.create_task(queue.wait_for_room(logs_batch()))
        await pause()
        assert not waiting.done()
        storage.database.gate.set()
        assert await failing is RetryableError
        await asyncio.wait_for(waiting, 1)


@pytest.mark.parametrize("name", ["route", "settle", "bury", "move", "mark_sending", "mark_unsent", "done", "state"])
async def test_what_has_happened_is_stored_later_rather_than_never(
    database: SqliteDatabase, queue: RelationalQueue, name: str
) -> None:
    refuse_once(database, name)
    ids = await queue.route(await queue.put(logs_batch()), cards(3))
    await queue.mark_sending(ids)
    await queue.mark_unsent(ids[:1])
    (moved,) = await queue.move([Move(ids[0], NewCard("fallback", 9, b""))])
    await queue.settle([moved], Settlement.DELIVERED)
    await bury(queue, ids[1])
    assert [card.in_doubt for card in await queue.head("ops", 9)] == [True]
    await queue.settle(ids, Settlement.DELIVERED)
    await queue.done(await queue.put(logs_batch()))
    await queue.set_state("key", b"value")
    assert database.ran.count(name) >= 2
    assert await queue.get_state("key") == b"value"
    assert (queue.size, list(await queue.lanes())) == (0, [])
    assert database.rows("batches") == database.rows("cards") == []
    assert (await queue.letter_totals()).count == 1


@pytest.mark.parametrize("name", ["adopt", "revive", "purge"])
async def test_what_a_person_asked_for_fails_at_once(
    database: SqliteDatabase, queue: RelationalQueue, name: str
) -> None:
    refuse_once(database, name)
    asked = {"adopt": queue.adopt(cards(1)), "revive": queue.revive([]), "purge": queue.purge([1])}
    for each, awaited in asked.items():
        assert (await outcome(awaited) is RetryableError) is (each == name)


async def test_reading_waits_for_the_disk(database: SqliteDatabase, queue: RelationalQueue) -> None:
    await queue.route(await queue.put(logs_batch()), cards(1))
    refuse_once(database, "head")
    assert len(await queue.head("ops", 1)) == 1


async def test_a_database_that_cannot_be_read_does_not_open(database: SqliteDatabase) -> None:
    refuse_once(database, "open")
    with pytest.raises(StartError, match="the stored queue of q cannot be opened: no space left"):
        async with open_relational_queue(database, "q", ROOMY):
            pass


async def test_a_closed_database_ends_every_wait(database: SqliteDatabase, queue: RelationalQueue) -> None:
    ids = await queue.route(await queue.put(logs_batch()), cards(1))
    database.closed = True
    waits = [queue.put(logs_batch()), queue.settle(ids, Settlement.DELIVERED), queue.head("ops", 1), queue.take()]
    assert [await outcome(wait) for wait in waits] == [ShutdownError] * 4
    assert queue.size == 1


async def test_only_accepting_needs_room_on_the_disk(database: SqliteDatabase, queue: RelationalQueue) -> None:
    access: dict[str, Access] = {}
    database.refuse = lambda work: bool(access.__setitem__(work.name, work.access))
    ids = await queue.route(await queue.put(logs_batch()), cards(3))
    await queue.mark_sending(ids)
    await queue.mark_unsent(ids)
    await queue.move([Move(ids[0], NewCard("ops", 9, b""))])
    await bury(queue, ids[1])
    await queue.settle(ids, Settlement.DELIVERED)
    await queue.done(await queue.put(logs_batch()))
    await queue.set_state("key", b"")
    await queue.purge([1])
    await queue.revive([])
    await queue.adopt([])
    assert {name for name, kind in access.items() if kind is Access.ACCEPT} == {"put"}
    assert not {name for name, kind in access.items() if kind is Access.READ}
