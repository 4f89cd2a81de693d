"""What a queue in a database promises beyond the contract of storages."""

import asyncio
import logging
import random
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from otel_discord._proto.dead_letter_pb2 import DeadLetter
from otel_discord.component.errors import QueueFullError, RetryableError, ShutdownError, StartError
from otel_discord.component.storage import Move, NewCard, NewLetter, QueueLimits, Settlement, Sizer, WorkQueue
from otel_discord.signals.batch import Batch, LogsBatch
from otel_discord.store import waiting_batches
from otel_discord.store.relational_queue import RelationalQueue, open_relational_queue
from otel_discord.store.rows import seal
from otel_discord.store.schema import BATCHES, CARDS
from otel_discord.store.work import Access, Work
from otel_discord.testing.otlp import logs_batch
from tests.store.sqlite_database import SqliteDatabase, SqliteStorage

ROOMY = QueueLimits(size=10_000, sizer=Sizer.REQUESTS, max_bytes=1 << 30)
ONE = QueueLimits(size=1, sizer=Sizer.REQUESTS, max_bytes=1 << 30)
pytestmark = pytest.mark.looptime


@pytest.fixture
def storage() -> SqliteStorage:
    return SqliteStorage()


@pytest.fixture
def database(storage: SqliteStorage) -> SqliteDatabase:
    return storage.database


@pytest.fixture
async def queue(storage: SqliteStorage) -> AsyncIterator[RelationalQueue]:
    async with storage.open_queue("q", ROOMY) as opened:
        yield opened


def cards(count: int, lane: str = "ops") -> list[NewCard]:
    return [NewCard(lane, 9, b"%d" % number) for number in range(count)]


async def pause() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def refuse_once(database: SqliteDatabase, name: str) -> None:
    left = [name]

    def refuse(work: Work[Any]) -> bool:
        if work.name in left:
            left.remove(work.name)
            return True
        return False

    database.refuse = refuse


def body(batch: Batch) -> str:
    assert isinstance(batch, LogsBatch)
    return next(iter(batch.records()))[2].body.string_value


async def test_is_a_work_queue(queue: RelationalQueue) -> None:
    as_protocol: WorkQueue = queue
    assert as_protocol.keeps_letters


# ------------------------------------------------------------------------------------------------- what it costs


@pytest.mark.parametrize(
    ("name", "statements"), [("put", 2), ("route", 4), ("mark_sending", 2), ("settle", 2), ("bury", 4)]
)
async def test_no_more_statements_than_needed(
    database: SqliteDatabase, queue: RelationalQueue, name: str, statements: int
) -> None:
    counts: dict[str, int] = {}
    database.refuse = lambda work: bool(counts.__setitem__(work.name, len(database.statements)))
    for _ in range(2):
        ids = await queue.route(await queue.put(logs_batch()), cards(10))
        await queue.mark_sending(ids)
        await (queue.settle(ids, Settlement.DELIVERED) if name != "bury" else _bury(queue, *ids))
    assert counts[name] == statements


async def _bury(queue: WorkQueue, *card_ids: int) -> None:
    await queue.bury([NewLetter(card_id, 1, "ops", "gone", b"") for card_id in card_ids])


async def test_rows_are_found_by_an_index(database: SqliteDatabase, queue: RelationalQueue) -> None:
    seen: set[str] = set()
    database.refuse = lambda work: bool(seen.update(database.statements))
    batch_id = await queue.put(logs_batch())
    ids = await queue.route(batch_id, cards(4))
    await queue.lanes()
    await queue.waiting()
    await queue.head("ops", 3)
    await queue.mark_sending(ids)
    await queue.move([Move(ids[0], NewCard("ops", 9, b""))])
    await _bury(queue, ids[1])
    await queue.settle(ids[2:3], Settlement.DEAD)
    await queue.purge([(await queue.letters())[0].id])
    await queue.letter_totals()
    await queue.done(99)
    await queue.set_state("key", b"")
    await queue.get_state("key")
    async with open_relational_queue(database, "other", ROOMY) as other:
        assert other.size == 0
    for sql in seen:
        if not sql.startswith("INSERT"):
            plan = database.connection.execute("EXPLAIN QUERY PLAN " + sql, [1] * sql.count("?")).fetchall()
            for *_, step in plan:
                assert not step.startswith(("SCAN", "USE TEMP")), (sql, step)
                if "id IN" in sql and step.startswith("SEARCH") and "cards_batch" not in step:
                    assert "PRIMARY KEY" in step, (sql, step)


async def test_what_was_just_put_is_not_read_again(database: SqliteDatabase, queue: RelationalQueue) -> None:
    batch = logs_batch()
    await queue.put(batch, priority=9, accepted_ns=5)
    taken = await queue.take()
    assert taken.batch is batch
    assert (taken.priority, taken.accepted_ns) == (9, 5)
    assert "read_batch" not in database.ran


async def test_small_batches_of_an_earlier_run_are_read_and_routed_many_at_once(storage: SqliteStorage) -> None:
    database = storage.database
    async with storage.open_queue("q", ROOMY) as queue:
        ids = [await queue.put(logs_batch()) for _ in range(100)]
    database.ran.clear()
    async with storage.open_queue("q", ROOMY) as queue:
        found = []
        while len(found) < 100:
            found += [await queue.take(), *await queue.take_more(255)]
        await queue.route_all({each.id: cards(2) for each in found})
        assert [each.id for each in found] == ids
        assert database.ran.count("read_batch") == 2
        assert database.ran.count("route") == 1
        assert await queue.waiting() == {"ops": 200}


async def test_large_batches_are_read_one_by_one(storage: SqliteStorage) -> None:
    async with storage.open_queue("q", ROOMY) as queue:
        for _ in range(3):
            await queue.put(logs_batch(3, body="x" * 200_000))
    async with storage.open_queue("q", ROOMY) as queue:
        await queue.take()
        assert [len(await queue.take_more(100)) for _ in range(2)] == [1, 0]


async def test_the_head_of_a_lane_is_read_for_many_messages_at_once(
    database: SqliteDatabase, queue: RelationalQueue
) -> None:
    ids = await queue.route(await queue.put(logs_batch()), cards(1_000))
    await queue.route(await queue.put(logs_batch()), cards(500, "errors"))
    for first in range(0, 1_000, 10):
        head = await queue.head("ops", 40)
        assert [card.id for card in head] == list(ids[first : first + 40])
        await queue.mark_sending(ids[first : first + 10])
        await queue.settle(ids[first : first + 10], Settlement.DELIVERED)
    assert database.ran.count("head") <= 12
    assert len(await queue.head("errors", 300)) == 300


async def test_large_cards_are_not_read_ahead(database: SqliteDatabase, queue: RelationalQueue) -> None:
    await queue.route(await queue.put(logs_batch()), [NewCard("ops", 9, random.Random(1).randbytes(100_000))] * 9)
    assert len(await queue.head("ops", 4)) == 4
    assert len(await queue.head("ops", 6)) == 6
    assert database.ran.count("head") == 1
    assert len(await queue.head("ops", 7)) == 7
    assert database.ran.count("head") == 2


async def test_a_backlog_stays_where_it_is(database: SqliteDatabase) -> None:
    count = 20_000
    rows = (seal(BATCHES, (n, "q", "logs", 9, 0, 1, 100, 0, 0), b"x" * 100) for n in range(1, count + 1))
    database.connection.execute("BEGIN")
    database.connection.executemany(BATCHES.insert, rows)
    database.connection.executemany(
        CARDS.insert, (seal(CARDS, (n, "q", "ops", 9, 0, 0, 0), b"x" * 100) for n in range(1, count + 1))
    )
    database.connection.execute("COMMIT")
    tracemalloc.start()
    async with open_relational_queue(database, "q", ROOMY) as queue:
        assert queue.size == count
        assert len(await queue.head("ops", 40)) == 40
        assert tracemalloc.get_traced_memory()[1] < 500_000
    tracemalloc.stop()


# ------------------------------------------------------------------------------------------------- failing disks


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
        failing = group.create_task(_outcome(queue.put(logs_batch())))
        waiting = group.create_task(queue.wait_for_room(logs_batch()))
        await pause()
        assert not waiting.done()
        storage.database.gate.set()
        assert await failing is RetryableError
        await asyncio.wait_for(waiting, 1)


async def _outcome(awaited: Any) -> Any:
    try:
        return await awaited
    except (ShutdownError, RetryableError) as error:
        return type(error)


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
    await _bury(queue, ids[1])
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
        assert (await _outcome(awaited) is RetryableError) is (each == name)


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
    assert [await _outcome(wait) for wait in waits] == [ShutdownError] * 4
    assert queue.size == 1


# --------------------------------------------------------------------------------------------------- cancelling


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
        ending = asyncio.ensure_future(_outcome(queue.settled(batch_id)))
        room = asyncio.ensure_future(_outcome(queue.wait_for_room(logs_batch())))
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


# ------------------------------------------------------------------------------------------------------ damage


async def test_a_damaged_batch_is_a_dead_letter_and_holds_nobody_up(
    storage: SqliteStorage, caplog: pytest.LogCaptureFixture
) -> None:
    database = storage.database
    async with storage.open_queue("q", ROOMY) as queue:
        for number in range(5):
            await queue.put(logs_batch(3, body=f"batch {number}"), priority=9)
    database.damage("UPDATE batches SET payload = x'00ff' WHERE id = 1")
    database.damage("UPDATE batches SET items = 30000 WHERE id = 2")
    database.damage("UPDATE batches SET signal = 'wishes' WHERE id = 3")
    damaged = seal(BATCHES, (4, "q", "logs", 9, 0, 3, 3, 0, 0), b"\xff\xff\xff")  # sealed, yet no request
    database.damage("DELETE FROM batches WHERE id = 4")
    database.connection.execute(BATCHES.insert, damaged)
    async with storage.open_queue("q", ROOMY) as queue:
        taken = await queue.take()
        assert (taken.id, body(taken.batch)) == (5, "batch 4")
        assert queue.size == 1
        letters = await queue.letters()
        assert [(letter.reason, letter.destination) for letter in letters] == [("damaged", "")] * 4
        assert b"batch 1" in letters[1].payload
        assert storage.damaged == 4
        assert "stored rows were damaged" in caplog.text
        await queue.done(5)
        assert queue.size == 0
        assert database.rows("batches") == []


async def test_a_damaged_batch_waits_while_its_letter_cannot_be_written(storage: SqliteStorage) -> None:
    database = storage.database
    async with storage.open_queue("q", ROOMY) as queue:
        await queue.put(logs_batch())
    database.damage("UPDATE batches SET priority = 3")
    async with storage.open_queue("q", ROOMY) as queue:
        database.refuse = lambda work: work.name == "bury"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.take(), 5)
        database.refuse = lambda work: False
        queue.close()
        with pytest.raises(ShutdownError):
            await queue.take()
        assert (await queue.letter_totals()).count == 1
        assert queue.size == 0


async def test_a_damaged_card_is_a_dead_letter_and_never_sent(storage: SqliteStorage) -> None:
    database = storage.database
    async with storage.open_queue("q", ONE) as queue, asyncio.TaskGroup() as group:
        batch_id = await queue.put(logs_batch())
        ids = await queue.route(batch_id, cards(4))
        ending = group.create_task(queue.settled(batch_id))
        await pause()
        database.damage("UPDATE cards SET payload = x'0041' WHERE id = ?", ids[0])
        database.damage("UPDATE cards SET attempts = 9 WHERE id = ?", ids[1])
        database.damage("UPDATE cards SET owner = 'r', payload = 'text' WHERE id = ?", ids[3])
        await queue.mark_sending(ids)  # does not make good what is damaged
        database.damage("UPDATE cards SET owner = 'q' WHERE id = ?", ids[3])
        assert [card.id for card in await queue.head("ops", 1)] == [ids[2]]
        assert storage.damaged == 3
        assert [card.payload for card in await queue.head("ops", 9)] == [b"2"]
        letters = await queue.letters()
        assert [(letter.destination, letter.reason) for letter in letters] == [("ops", "damaged")] * 3
        assert DeadLetter.FromString(letters[1].payload).attempts == 9
        await queue.settle([ids[2]], Settlement.DELIVERED)
        assert await asyncio.wait_for(ending, 1) is Settlement.DEAD
        assert queue.size == 0


async def test_a_damaged_letter_is_shown_as_such(database: SqliteDatabase, queue: RelationalQueue) -> None:
    await _bury(queue, *await queue.adopt(cards(2)))
    first, second = await queue.letters()
    database.damage("UPDATE letters SET payload = x'00ff' WHERE id = ?", first.id)
    found = await queue.letters()
    assert [(letter.id, letter.reason) for letter in found] == [(first.id, "damaged"), (second.id, "gone")]
    assert DeadLetter.FromString(found[0].payload).reason == "damaged"
    assert await queue.purge([first.id]) == 1


async def test_damaged_state_is_forgotten(
    storage: SqliteStorage, queue: RelationalQueue, caplog: pytest.LogCaptureFixture
) -> None:
    await queue.set_state("gone/ops", b"404")
    storage.database.damage("UPDATE state SET payload = x'003939'")
    for _ in range(2):
        assert await queue.get_state("gone/ops") is None
    assert storage.damaged == 1
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@pytest.mark.parametrize("sizer", Sizer)
async def test_a_damaged_batch_of_open_cards_does_not_hold_them_up(storage: SqliteStorage, sizer: Sizer) -> None:
    async with storage.open_queue("q", QueueLimits(1, sizer, 1 << 30)) as queue:
        ids = await queue.route(await queue.put(logs_batch(5)), cards(2))
        storage.database.damage("UPDATE batches SET items = 'many', size_bytes = -5")
        await queue.settle(ids[:1], Settlement.DEAD)
        await queue.settle(ids[1:], Settlement.DELIVERED)
        assert queue.size == 0
        assert storage.database.rows("batches") == []


# ---------------------------------------------------------------------------------------------- what salvage left


async def test_what_has_ended_unnoticed_is_cleared_away_at_opening(storage: SqliteStorage) -> None:
    database = storage.database
    async with storage.open_queue("q", ROOMY) as queue:
        for _ in range(4):
            await queue.route(await queue.put(logs_batch()), cards(1))
        waiting = await queue.put(logs_batch(7))
    database.damage("DELETE FROM cards WHERE id <= 3")
    database.damage("UPDATE batches SET accepted_ns = 5 WHERE id = 2")
    database.damage("UPDATE batches SET routed = 1 WHERE id = ?", waiting)
    async with storage.open_queue("q", ROOMY) as queue:
        assert queue.size == 1
        assert [row[0] for row in database.rows("batches")] == [4]
        # A batch that was never routed, and one whose row is damaged, are not let go in silence.
        assert [letter.reason for letter in await queue.letters()] == ["damaged"] * 2
        assert storage.damaged == 2


async def test_cards_whose_batch_is_lost_are_delivered(storage: SqliteStorage) -> None:
    async with storage.open_queue("q", ROOMY) as queue:
        ids = await queue.route(await queue.put(logs_batch()), cards(2))
    storage.database.damage("DELETE FROM batches")
    async with storage.open_queue("q", ROOMY) as queue:
        assert queue.size == 0
        assert len(await queue.head("ops", 9)) == 2
        await queue.settle(ids[:1], Settlement.DELIVERED)
        await queue.settle(ids[1:], Settlement.DEAD)
        assert list(await queue.lanes()) == []


async def test_only_accepting_needs_room_on_the_disk(database: SqliteDatabase, queue: RelationalQueue) -> None:
    access: dict[str, Access] = {}
    database.refuse = lambda work: bool(access.__setitem__(work.name, work.access))
    ids = await queue.route(await queue.put(logs_batch()), cards(3))
    await queue.mark_sending(ids)
    await queue.mark_unsent(ids)
    await queue.move([Move(ids[0], NewCard("ops", 9, b""))])
    await _bury(queue, ids[1])
    await queue.settle(ids, Settlement.DELIVERED)
    await queue.done(await queue.put(logs_batch()))
    await queue.set_state("key", b"")
    await queue.purge([1])
    await queue.revive([])
    await queue.adopt([])
    assert {name for name, kind in access.items() if kind is Access.ACCEPT} == {"put"}
    assert not {name for name, kind in access.items() if kind is Access.READ}


# ------------------------------------------------------------------------------------------------ looking ahead


async def test_more_of_one_priority_than_is_looked_at_in_one_go(storage: SqliteStorage) -> None:
    async with storage.open_queue("q", ROOMY) as queue:
        ids = [await queue.put(logs_batch(), priority=9) for _ in range(600)]
    async with storage.open_queue("q", ROOMY) as queue:
        looks = storage.database.ran.count("look_ahead")
        assert [(await queue.take()).id for _ in ids] == ids
        assert storage.database.ran.count("look_ahead") == looks + 3


async def test_a_batch_that_ended_while_it_was_looked_for_is_passed_over(storage: SqliteStorage) -> None:
    async with storage.open_queue("q", ROOMY) as queue:
        ids = [await queue.put(logs_batch()) for _ in range(3)]
    async with storage.open_queue("q", ROOMY) as queue:

        def lose_one(work: Work[Any]) -> bool:
            if work.name == "look_ahead":  # as another process would
                storage.database.damage("DELETE FROM batches WHERE id = ?", ids[1])
            return False

        storage.database.refuse = lose_one
        assert [(await queue.take()).id for _ in range(2)] == [ids[0], ids[2]]


@pytest.mark.parametrize(("signal", "payload"), [("wishes", b""), ("logs", b"\xff\xff")])
async def test_what_is_sealed_and_yet_no_batch_is_a_dead_letter(
    storage: SqliteStorage, signal: str, payload: bytes
) -> None:
    row = seal(BATCHES, (1, "q", signal, 9, 0, 3, len(payload), 0, 0), payload)
    storage.database.connection.execute(BATCHES.insert, row)
    async with storage.open_queue("q", ROOMY) as queue:
        queue.close()
        with pytest.raises(ShutdownError):
            await queue.take()
        assert [letter.reason for letter in await queue.letters()] == ["damaged"]


async def test_what_has_ended_cannot_be_given_back(queue: RelationalQueue) -> None:
    await queue.put(logs_batch())
    await queue.put(logs_batch())
    await queue.done((await queue.take()).id)
    await queue.route((await queue.take()).id, cards(1))
    await queue.release(1)
    await queue.release(2)
    queue.close()
    with pytest.raises(ShutdownError):
        await queue.take()


async def test_nothing_stays_in_memory_of_what_has_ended_or_failed(
    database: SqliteDatabase, queue: RelationalQueue
) -> None:
    refuse_once(database, "put")
    assert await _outcome(queue.put(logs_batch())) is RetryableError
    for _ in range(3):
        ids = await queue.route((await _put_and_take(queue)), cards(1))
        await queue.settle(ids, Settlement.DELIVERED)
    await queue.settled(3)
    waiting = queue._batches
    assert not waiting._order._arriving
    assert not waiting._in_hand
    assert not waiting._cache._held
    assert not queue._endings._waiters


async def _put_and_take(queue: RelationalQueue) -> int:
    await queue.put(logs_batch())
    return (await queue.take()).id


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


async def test_a_number_is_not_used_again_though_the_note_of_it_is_lost(storage: SqliteStorage) -> None:
    async with storage.open_queue("q", ROOMY) as queue:
        used = [await queue.put(logs_batch()) for _ in range(3)]
        await queue.done(used[-1])
    storage.database.damage("DELETE FROM meta WHERE key = 'last_batches_id'")
    async with storage.open_queue("q", ROOMY) as queue:
        assert await queue.put(logs_batch()) > used[-1]
