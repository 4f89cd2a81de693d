"""What a queue in a database promises beyond the contract of storages: what it costs, and what stays in memory."""

import random
import tracemalloc
from typing import Any

import pytest

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.storage import Move, NewCard, Settlement, WorkQueue
from otel_discord.store.relational_queue import RelationalQueue, open_relational_queue
from otel_discord.store.rows import seal
from otel_discord.store.schema import BATCHES, CARDS
from otel_discord.store.work import Work
from otel_discord.testing.otlp import logs_batch
from tests.store.sqlite_database import SqliteDatabase, SqliteStorage
from tests.store.stored_queue import ROOMY, bury, cards, outcome, refuse_once

pytestmark = pytest.mark.looptime


async def test_is_a_work_queue(queue: RelationalQueue) -> None:
    as_protocol: WorkQueue = queue
    assert as_protocol.keeps_letters


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
        await (queue.settle(ids, Settlement.DELIVERED) if name != "bury" else bury(queue, *ids))
    assert counts[name] == statements


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
    await bury(queue, ids[1])
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
    assert len(await queue.head("ops", 1)) == 1
    assert len(await queue.head("ops", 2)) == 2
    assert database.ran.count("head") == 1
    assert len(await queue.head("ops", 7)) == 7
    assert database.ran.count("head") == 2


async def test_of_many_lanes_no_more_is_read_than_can_be_held(database: SqliteDatabase, queue: RelationalQueue) -> None:
    lanes = [f"lane {number}" for number in range(300)]
    new = [NewCard(lane, 9, bytes(4_000)) for lane in lanes for _ in range(20)]
    await queue.route(await queue.put(logs_batch()), new)
    for turn in range(12):
        for lane in lanes:
            first, *_ = await queue.head(lane, 2)
            await queue.settle([first.id], Settlement.DELIVERED)
        if turn == 1:
            database.ran.clear()  # by now it is known how many there are
    assert database.ran.count("head") < 300 * 10 / 3


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
    assert await outcome(queue.put(logs_batch())) is RetryableError
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


async def test_a_number_is_not_used_again_though_the_note_of_it_is_lost(storage: SqliteStorage) -> None:
    async with storage.open_queue("q", ROOMY) as queue:
        used = [await queue.put(logs_batch()) for _ in range(3)]
        await queue.done(used[-1])
    storage.database.damage("DELETE FROM meta WHERE key = 'last_batches_id'")
    async with storage.open_queue("q", ROOMY) as queue:
        assert await queue.put(logs_batch()) > used[-1]
