"""What is known to go wrong in the Collector's persistent queue, tried here: each has an issue or a hole there.

In-flight items at shutdown, and a smaller queue after a restart, are also in the contract of storages.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from otel_discord.component.errors import QueueFullError, RetryableError
from otel_discord.component.storage import NewCard, NewLetter, QueueLimits, Revival, Settlement, Sizer
from otel_discord.store.dialect import SQLITE
from otel_discord.store.migration import migrate
from otel_discord.store.work import Access, Many, Query, Steps, Work
from otel_discord.testing.otlp import logs_batch
from tests.store.sqlite_database import SqliteDatabase, SqliteStorage
from tests.store.stored_queue import ROOMY

pytestmark = pytest.mark.looptime


class Killed(BaseException):
    """The process ends here."""


def kill_at_statement(database: SqliteDatabase, number: int) -> Callable[[], None]:
    """Let the process die before its ``number``-th statement; return what brings it back."""
    run_now = database.run_now
    left = [number]

    def counting(work: Work[Any]) -> Any:
        def steps() -> Steps[Any]:
            inner = work.steps()
            answer: Any = None
            while True:
                try:
                    step: Query | Many = inner.send(answer)
                except StopIteration as stop:
                    return stop.value
                left[0] -= 1
                if not left[0]:
                    raise Killed
                answer = yield step

        return run_now(Work(work.name, work.access, steps))

    database.run_now = counting  # type: ignore[method-assign]

    def revive() -> None:
        database.run_now = run_now  # type: ignore[method-assign]

    return revive


async def fill(storage: SqliteStorage) -> tuple[list[int], list[int]]:
    """Leave six batches, of which two were taken and one was routed into three cards."""
    async with storage.open_queue("q", ROOMY) as queue:
        ids = [await queue.put(logs_batch(), priority=9) for _ in range(6)]
        for _ in range(3):
            await queue.take()
        cards = await queue.route(ids[0], [NewCard("ops", 9, b"%d" % number) for number in range(3)])
        return ids[1:], list(cards)


async def contents(storage: SqliteStorage) -> tuple[list[int], list[int], int]:
    """Return the batches in their order, the cards in theirs, and the room taken."""
    async with storage.open_queue("q", ROOMY) as queue:
        size = queue.size
        cards = [card.id for card in await queue.head("ops", 99)]
        queue.close()
        batches = []
        for _ in range(size - bool(cards)):
            batches.append((await queue.take()).id)
        return batches, cards, size


async def test_what_was_in_hand_at_shutdown_is_there_in_its_place(storage: SqliteStorage) -> None:
    batches, cards = await fill(storage)
    for _ in range(3):
        assert await contents(storage) == (batches, cards, 6)


async def test_opening_moves_nothing_so_a_crash_meanwhile_loses_nothing(
    storage: SqliteStorage, database: SqliteDatabase
) -> None:
    batches, cards = await fill(storage)
    before = list(database.connection.iterdump())
    number = 0
    while True:
        number += 1
        revive = kill_at_statement(database, number)
        try:
            await contents(storage)
        except Killed:
            revive()
            assert list(database.connection.iterdump()) == before
        else:
            revive()
            break
    assert number > 5
    assert await contents(storage) == (batches, cards, 6)
    assert list(database.connection.iterdump()) == before  # opening and looking wrote nothing


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE meta SET value = 0 WHERE key LIKE 'last%'",
        "UPDATE meta SET value = 0, mirror = 0 WHERE key LIKE 'last%'",
        "UPDATE meta SET value = 'x', mirror = x'00' WHERE key LIKE 'last%'",
        "UPDATE meta SET value = 9223372036854775807 WHERE key LIKE 'last%'",
        "DELETE FROM meta WHERE key LIKE 'last%'",
        "DELETE FROM meta",
    ],
)
@pytest.mark.parametrize("when", ["between runs", "during a run"])
async def test_damaged_metadata_orphans_nothing(
    storage: SqliteStorage, database: SqliteDatabase, damage: str, when: str
) -> None:
    batches, cards = await fill(storage)
    if when == "between runs":
        database.damage(damage)
        database.run_now(migrate(SQLITE))
    async with storage.open_queue("q", ROOMY) as queue:
        if when == "during a run":
            database.damage(damage)
        new = await queue.put(logs_batch(), priority=9)
        assert new > max(batches)
        (card,) = await queue.adopt([NewCard("ops", 9, b"new")])
        assert card > max(cards)
        await queue.bury([NewLetter(card, 1, "ops", "gone", b"")])
        await queue.done(new)
    database.run_now(migrate(SQLITE))
    assert await contents(storage) == (batches, cards, 6)


@pytest.mark.parametrize("sizer", Sizer)
async def test_a_smaller_queue_opens_drains_and_then_takes_again(storage: SqliteStorage, sizer: Sizer) -> None:
    batches, cards = await fill(storage)
    async with storage.open_queue("q", QueueLimits(1, sizer, 1 << 30)) as queue, asyncio.TaskGroup() as group:
        waiting = group.create_task(queue.wait_for_room(logs_batch()))
        with pytest.raises(QueueFullError):
            await queue.put(logs_batch())
        for batch_id in batches:
            assert (await queue.take()).id == batch_id
            await queue.done(batch_id)
        assert not waiting.done()
        await queue.settle(cards, Settlement.DELIVERED)
        assert queue.size == 0
        await asyncio.wait_for(waiting, 1)
        await queue.put(logs_batch())


async def test_a_full_disk_can_still_be_emptied(storage: SqliteStorage, database: SqliteDatabase) -> None:
    """What takes in is refused; everything that leads to an end goes through, until nothing is left."""
    batches, cards = await fill(storage)
    database.refuse = lambda work: work.access is Access.ACCEPT
    async with storage.open_queue("q", ROOMY) as queue:
        for _ in range(2):
            with pytest.raises(RetryableError) as refused:
                await queue.put(logs_batch())
            assert refused.value.reason == "disk_full"
        await queue.mark_sending(cards[:2])
        await queue.settle(cards[:1], Settlement.DELIVERED)
        await queue.bury([NewLetter(cards[1], 1, "ops", "gone", b"letter")])
        await queue.settle(cards[2:], Settlement.DELIVERED)
        for batch_id in batches[:-1]:
            await queue.take()
            await queue.done(batch_id)
        await queue.take()
        (last,) = await queue.route(batches[-1], [NewCard("ops", 9, b"")])
        await queue.settle([last], Settlement.DELIVERED)
        letter = (await queue.letters())[0]
        (again,) = await queue.revive([Revival(letter.id, NewCard("ops", 9, letter.payload))])
        await queue.settle([again], Settlement.DELIVERED)
        assert queue.size == 0
    for table in ("batches", "cards", "letters"):
        assert database.rows(table) == []


async def test_nothing_that_cannot_be_read_is_let_go_in_silence(
    storage: SqliteStorage, database: SqliteDatabase
) -> None:
    batches, cards = await fill(storage)
    database.damage("UPDATE batches SET payload = x'00' WHERE id = ?", batches[0])
    database.damage("UPDATE cards SET priority = 24 WHERE id = ?", cards[2])
    async with storage.open_queue("q", ROOMY) as queue:
        assert [card.id for card in await queue.head("ops", 9)] == cards[:2]
        assert (await queue.take()).id == batches[1]
        assert [letter.reason for letter in await queue.letters()] == ["damaged", "damaged"]
        assert storage.damaged == 2
