"""One commit for whatever arrived; each work whole or not at all; answers only afterwards."""

import asyncio
from contextlib import suppress

import pytest

from otel_discord.component.errors import PermanentError, ShutdownError
from otel_discord.extensions.file_storage.transaction import MOST_BYTES
from otel_discord.store.work import Access, Many, Query, Steps, Work


async def test_what_was_stored_is_there_in_the_next_run(bench, notes):
    async with bench.opened() as database:
        await database.run(notes.create())
        assert [await database.run(notes.put(body)) for body in (b"a", b"b")] == [1, 2]
    async with bench.opened() as database:
        assert await database.run(notes.all()) == [b"a", b"b"]


async def test_works_that_arrive_together_share_a_commit(bench, notes, disk):
    async with bench.opened() as database:
        await database.run(notes.create())
        before = disk.syncs
        ids = await asyncio.gather(*(database.run(notes.put()) for _ in range(64)))
        assert ids == list(range(1, 65))
        assert disk.syncs - before <= 8
    assert bench.telemetry.value("otel_discord_storage_commit_duration_seconds") >= 2


async def test_without_fsync_no_commit_waits_for_the_disk(bench, notes, disk):
    async with bench.opened(fsync=False) as database:
        await database.run(notes.create())
        before = disk.syncs
        for _ in range(20):
            await database.run(notes.put())
        assert disk.syncs == before


async def test_with_fsync_each_answer_waits_for_the_disk(bench, notes, disk):
    async with bench.opened() as database:
        await database.run(notes.create())
        before = disk.syncs
        for _ in range(20):
            await database.run(notes.put())
        assert disk.syncs - before >= 20


async def test_a_read_waits_for_no_disk(bench, notes, disk):
    async with bench.opened() as database:
        await database.run(notes.create())
        before = (disk.syncs, disk.writes)
        await asyncio.gather(*(database.run(notes.all()) for _ in range(5)))
        assert (disk.syncs, disk.writes) == before


async def test_a_read_sees_what_was_handed_over_before_it(bench, notes):
    async with bench.opened() as database:
        await database.run(notes.create())
        *_, found = await asyncio.gather(
            database.run(notes.put(b"1")), database.run(notes.put(b"2")), database.run(notes.all())
        )
        assert found == [b"1", b"2"]


async def test_callers_go_on_in_the_order_in_which_they_came(bench, notes):
    went_on = []

    async def run(number: int, work: Work[object]) -> None:
        with suppress(KeyError):
            await database.run(work)
        went_on.append(number)

    async with bench.opened() as database:
        await database.run(notes.create())
        works = [notes.put(bytes(MOST_BYTES // 3)), notes.all(), bad("some", writes_first=False), notes.put()] * 20
        await asyncio.gather(*(run(number, work) for number, work in enumerate(works)))
        works[9] = bad("all in its group", writes_first=True)
        await asyncio.gather(*(run(number, work) for number, work in enumerate(works, start=len(works))))
    assert went_on == list(range(2 * len(works)))


async def test_a_large_group_is_committed_in_parts(bench, notes):
    async with bench.opened() as database:
        await database.run(notes.create())
        bodies = [bytes([n]) * (MOST_BYTES // 2) for n in range(6)]
        await asyncio.gather(*(database.run(notes.put(body)) for body in bodies))
        assert await database.run(notes.all()) == bodies


def bad(name: str, *, writes_first: bool) -> Work[None]:
    def steps() -> Steps[None]:
        if writes_first:
            yield Query("INSERT INTO notes (body) VALUES (?)", (b"half",))
        yield Query("SELECT 1")
        raise KeyError(name)

    return Work("bad", Access.SETTLE, steps)


@pytest.mark.parametrize("writes_first", [False, True])
async def test_a_work_that_raises_harms_no_neighbour(bench, notes, writes_first):
    async with bench.opened() as database:
        await database.run(notes.create())
        outcomes = await asyncio.gather(
            database.run(notes.put(b"before")),
            database.run(bad("why", writes_first=writes_first)),
            database.run(notes.put(b"after")),
            return_exceptions=True,
        )
        assert [outcomes[0], outcomes[2]] == [1, 2]
        assert isinstance(outcomes[1], KeyError)
        assert await database.run(notes.all()) == [b"before", b"after"]
    assert not bench.conditions


async def test_a_statement_that_cannot_run_is_that_works_own_error(bench, notes):
    def steps() -> Steps[None]:
        yield Many("INSERT INTO notes (id, body) VALUES (?, ?)", [(7, b"x"), (7, b"y")])

    async with bench.opened() as database:
        await database.run(notes.create())
        twice = Work("twice", Access.ACCEPT, steps)
        good, wrong = await asyncio.gather(database.run(notes.put()), database.run(twice), return_exceptions=True)
        assert good == 1
        assert isinstance(wrong, PermanentError)
        assert "twice" in str(wrong)
        assert await database.run(notes.all()) == [b"x"]


async def test_who_is_cancelled_disturbs_nobody(bench, notes):
    async with bench.opened() as database:
        await database.run(notes.create())
        tasks = [asyncio.ensure_future(database.run(notes.put())) for _ in range(10)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(each, asyncio.CancelledError) for each in outcomes[::2])
        assert all(isinstance(each, int) for each in outcomes[1::2])


async def test_what_was_handed_over_before_closing_is_stored(bench, notes):
    async with bench.opened() as database:
        await database.run(notes.create())
        tasks = [asyncio.ensure_future(database.run(notes.put())) for _ in range(20)]
        await asyncio.sleep(0)
    assert len(await asyncio.gather(*tasks)) == 20
    with pytest.raises(ShutdownError):
        await database.run(notes.put())
    async with bench.opened() as database:
        assert len(await database.run(notes.all())) == 20


async def test_a_thread_that_breaks_leaves_nobody_waiting(bench, notes, monkeypatch):
    def break_down(*_: object) -> None:
        raise MemoryError("injected")

    async with bench.opened() as database:
        await database.run(notes.create())
        monkeypatch.setattr("otel_discord.extensions.file_storage.writer.run_group", break_down)
        outcomes = await asyncio.gather(*(database.run(notes.put()) for _ in range(3)), return_exceptions=True)
        assert {type(each).__name__ for each in outcomes} == {"RetryableError"}
        with pytest.raises(Exception, match="thread has ended"):
            await database.run(notes.put())
    assert [state.value for state in bench.states] == ["ended"]
