"""A queue into which others put says what became free soon where room is short, and seldom where it is not."""

import asyncio

import pytest

from otel_discord.component.storage import QueueLimits, Sizer
from otel_discord.store.operations_arrivals import Arrival, SharedOpening, packed, read_arrivals
from otel_discord.store.operations_repair import open_queue
from otel_discord.store.room import NOTHING, Load
from otel_discord.store.schema import BATCHES
from otel_discord.store.shared_queue import (
    FREED_AT_LEAST_EVERY_S,
    FREED_EVERY_S,
    SharedQueue,
    SharedWorks,
    open_shared_queue,
)
from otel_discord.store.work import Access, Steps, Work
from otel_discord.testing.otlp import logs_batch
from tests.store.sqlite_database import SqliteDatabase

pytestmark = pytest.mark.looptime


class Said:
    """What was said, and when."""

    def __init__(self) -> None:
        self.freed: list[tuple[float, Load]] = []

    def works(self) -> SharedWorks:
        def opened() -> Steps[SharedOpening]:
            return SharedOpening((yield from open_queue("o", 0).steps()), NOTHING)

        def say(freed: Load) -> Work[None]:
            def steps() -> Steps[None]:
                self.freed.append((asyncio.get_running_loop().time(), freed))
                return
                yield

            return Work("freed", Access.SETTLE, steps)

        return SharedWorks(Work("open", Access.SETTLE, opened), say)


async def put_and_end(database: SqliteDatabase, queue: SharedQueue, batch_ids: range) -> None:
    """One after the other, 100 a second."""
    for batch_id in batch_ids:
        batch = packed(logs_batch(), 0, 0)
        database.connection.execute(BATCHES.insert, batch.row(batch_id, "o"))
        queue.came_from_here(batch_id - 1, [(batch_id, batch)])
        await queue.route((await queue.take()).id, [])
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(("size", "every_s"), [(10_000, FREED_AT_LEAST_EVERY_S), (20, FREED_EVERY_S)])
async def test_what_became_free_is_said_as_often_as_others_need_it(
    database: SqliteDatabase, size: int, every_s: float
) -> None:
    said = Said()
    limits = QueueLimits(size=size, sizer=Sizer.REQUESTS, max_bytes=1 << 30)
    async with open_shared_queue(database, "o", limits, said.works()) as queue:
        await put_and_end(database, queue, range(1, 301))
        assert 300 * 0.01 / every_s - 2 <= len(said.freed) <= 300 * 0.01 / every_s + 2
        await asyncio.sleep(FREED_AT_LEAST_EVERY_S + 2 * FREED_EVERY_S)
        assert said.freed[-1][1].requests == 300, "in the end all of it is said"
        count = len(said.freed)
        await asyncio.sleep(60)
        assert len(said.freed) == count, "and nothing is said where nothing became free"


async def test_of_what_came_as_much_is_read_along_as_is_wanted(database: SqliteDatabase) -> None:
    batches = {number: packed(logs_batch(number), 9, 7) for number in range(1, 6)}
    for number, batch in batches.items():
        database.connection.execute(BATCHES.insert, batch.row(number, "o"))
    two = sum(batches[number].load.size_bytes for number in (1, 2))
    for most_bytes, read in ((0, []), (two - 1, [1]), (two, [1, 2]), (1 << 20, [1, 2, 3, 4, 5])):
        found = await database.run(read_arrivals("o", 0, 10, most_bytes))
        assert [(each.place.id, each.load) for each in found] == [(n, batch.load) for n, batch in batches.items()]
        stored = [each.stored for each in found if each.stored is not None]
        assert [each.id for each in stored] == read
        for each in stored:
            assert (each.batch.request, each.priority, each.accepted_ns) == (batches[each.id].batch.request, 9, 7)


async def test_a_damaged_batch_is_noticed_and_not_read_along(database: SqliteDatabase) -> None:
    database.connection.execute(BATCHES.insert, packed(logs_batch(), 9, 7).row(1, "o"))
    database.connection.execute("UPDATE batches SET payload = x'00'")
    (found,) = await database.run(read_arrivals("o", 0, 10, 1 << 20))
    assert found.place.id == 1
    assert found.stored is None


async def test_a_mistake_while_it_looks_is_not_the_last_look(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def mistaken(_: Arrival) -> None:
        raise ValueError("a mistake")

    limits = QueueLimits(size=100, sizer=Sizer.REQUESTS, max_bytes=1 << 30)
    async with open_shared_queue(database, "o", limits, Said().works()) as queue:
        database.connection.execute(BATCHES.insert, packed(logs_batch(), 0, 0).row(1, "o"))
        with monkeypatch.context() as patch:
            patch.setattr(queue, "_came", mistaken)
            queue.may_have(1)
            await asyncio.sleep(0.1)
        assert "tried again" in caplog.text
        async with asyncio.timeout(5):
            assert (await queue.take()).id == 1
            await queue.done(1)
