"""A queue in a database whose rows are damaged or lost: dead letters say so, and nobody is held up."""

import asyncio
import logging

import pytest

from otel_discord._proto.dead_letter_pb2 import DeadLetter
from otel_discord.component.errors import ShutdownError
from otel_discord.component.storage import QueueLimits, Settlement, Sizer
from otel_discord.store.relational_queue import RelationalQueue
from otel_discord.store.rows import seal
from otel_discord.store.schema import BATCHES
from otel_discord.testing.otlp import logs_batch
from tests.store.sqlite_database import SqliteDatabase, SqliteStorage
from tests.store.stored_queue import ONE, ROOMY, body, bury, cards, pause

pytestmark = pytest.mark.looptime


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
    await bury(queue, *await queue.adopt(cards(2)))
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
