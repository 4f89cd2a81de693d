"""A disk that is full, fails or is slow: works are refused with a retryable answer, and it is well again by itself."""

import asyncio
import threading
import time

import pytest

from otel_discord.component.errors import RetryableError
from otel_discord.extensions.file_storage.condition import State
from otel_discord.extensions.file_storage.transaction import MOST_BYTES
from otel_discord.store.work import Access
from tests.extensions.file_storage import faulty_disk


async def refused(database, work) -> RetryableError:
    with pytest.raises(RetryableError) as caught:
        await database.run(work)
    return caught.value


async def test_a_full_disk_refuses_and_recovers_by_itself(bench, notes, disk):
    async with bench.opened() as database:
        await database.run(notes.create())
        await database.run(notes.put(b"kept"))
        disk.on_write = faulty_disk.full
        error = await refused(database, notes.put(b"refused"))
        assert error.reason == "disk_full"
        assert error.retry_after_s
        await bench.until(lambda: bench.states[-1:] == [State.FULL])
        assert await database.run(notes.all()) == [b"kept"]
        disk.on_write = None
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        await database.run(notes.put(b"fresh"))
        assert await database.run(notes.all()) == [b"kept", b"fresh"]
    assert bench.telemetry.value("otel_discord_storage_refused_total", reason="disk_full") >= 1


async def test_ending_work_gets_the_ballast(bench, notes, disk):
    def full_while_the_ballast_is_held() -> None:
        if (bench.directory / "file_storage.ballast").stat().st_size:
            faulty_disk.full()

    async with bench.opened() as database:
        await database.run(notes.create())
        first = await database.run(notes.put(b"to be acknowledged"))
        assert (bench.directory / "file_storage.ballast").stat().st_size
        disk.on_write = full_while_the_ballast_is_held
        await database.run(notes.remove(first))
        assert await database.run(notes.all()) == []
        disk.on_write = None
        await bench.until(lambda: bool((bench.directory / "file_storage.ballast").stat().st_size))


async def test_in_a_group_ending_work_goes_through_where_new_work_is_refused(bench, notes, disk):
    def full_for_large_writes() -> None:
        if disk.writes - begun > 20:
            faulty_disk.full()

    async with bench.opened() as database:
        await database.run(notes.create())
        first = await database.run(notes.put(b"to be acknowledged"))
        begun = disk.writes
        disk.on_write = full_for_large_writes
        large, gone = await asyncio.gather(
            database.run(notes.put(b"n" * MOST_BYTES)), database.run(notes.remove(first)), return_exceptions=True
        )
        assert isinstance(large, RetryableError)
        begun = disk.writes  # the fault is over for the next twenty writes
        if isinstance(gone, RetryableError):
            await database.run(notes.remove(first))
        assert await database.run(notes.all()) == []


@pytest.mark.parametrize("fault", [faulty_disk.io_error, faulty_disk.read_only])
async def test_a_failing_disk_refuses_all_and_is_opened_again(bench, notes, disk, fault):
    async with bench.opened() as database:
        await database.run(notes.create())
        await database.run(notes.put(b"kept"))
        disk.on_write = fault
        errors = [
            await refused(database, notes.put(b"a")),
            await refused(database, notes.put(b"b", access=Access.SETTLE)),
        ]
        assert [error.reason for error in errors] == ["storage_failed"] * 2
        await bench.until(lambda: bench.states[-1:] == [State.FAILING])
        disk.on_write = None
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        await database.run(notes.put(b"fresh"))
        assert await database.run(notes.all()) == [b"kept", b"fresh"]
    async with bench.opened() as database:
        assert await database.run(notes.all()) == [b"kept", b"fresh"]


@pytest.mark.parametrize("together", [1, 8])
async def test_after_a_failed_sync_the_handle_is_never_synced_again(bench, notes, disk, together):
    """And what the failed commit wrote is not there afterwards: its caller was told so."""
    async with bench.opened() as database:
        await database.run(notes.create())
        await database.run(notes.put(b"kept"))
        disk.log.clear()
        disk.on_sync, disk.only = faulty_disk.io_error, "-wal"
        outcomes = await asyncio.gather(
            *(database.run(notes.put(b"refused")) for _ in range(together)), return_exceptions=True
        )
        assert {getattr(each, "reason", each) for each in outcomes} == {"storage_failed"}
        await asyncio.sleep(0.3)
        disk.on_sync = None
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        syncs = [handle for what, suffix, handle in disk.log if (what, suffix) == ("sync", "-wal")]
        opened = [index for index, (what, _, _) in enumerate(disk.log) if what == "open"]
        assert len(opened) >= 2
        first_failed = syncs[0]
        assert (
            first_failed
            not in [handle for what, suffix, handle in disk.log[opened[0] :] if (what, suffix) == ("sync", "-wal")]
            or syncs.count(first_failed) == 1
        )
        assert await database.run(notes.all()) == [b"kept"]
        await database.run(notes.put(b"fresh"))
    async with bench.opened() as database:
        assert await database.run(notes.all()) == [b"kept", b"fresh"]


async def test_a_single_failure_costs_a_group_nothing(bench, notes, disk):
    def once() -> None:
        disk.on_sync = None
        faulty_disk.io_error()

    async with bench.opened() as database:
        await database.run(notes.create())
        disk.on_sync = once
        outcomes = await asyncio.gather(*(database.run(notes.put()) for _ in range(8)), return_exceptions=True)
        stored = [each for each in outcomes if isinstance(each, int)]
        assert len(stored) >= 7
        assert len(await database.run(notes.all())) == len(stored)


async def test_a_slow_disk_costs_time_only(bench, notes, disk):
    async with bench.opened() as database:
        await database.run(notes.create())
        disk.on_sync = faulty_disk.slow(0.05)
        begun_s = time.perf_counter()
        await asyncio.gather(*(database.run(notes.put()) for _ in range(100)))
        assert time.perf_counter() - begun_s < 1.0
        disk.on_sync = None
        assert len(await database.run(notes.all())) == 100
    assert not bench.conditions


async def test_a_disk_that_hangs_is_noticed_and_new_work_is_refused_at_once(bench, notes, disk):
    async with bench.opened(patience_s=0.2) as database:
        await database.run(notes.create())
        hang = threading.Event()
        disk.on_sync = lambda: hang.wait(20) and None
        waiting = asyncio.ensure_future(database.run(notes.put(b"patient")))
        await bench.until(lambda: bench.states[-1:] == [State.FAILING])
        error = await refused(database, notes.put())
        assert error.reason == "storage_failed"
        assert not waiting.done()
        hang.set()
        await waiting
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        assert await database.run(notes.all()) == [b"patient"]


async def test_a_failing_checkpoint_harms_no_work(bench, notes, disk):
    async with bench.opened() as database:
        await database.run(notes.create())
        stored = [b"kept"]
        await database.run(notes.put(b"kept"))
        disk.on_write, disk.only = faulty_disk.io_error, bench.path.name
        bodies = [bytes([n]) * MOST_BYTES for n in range(4)]
        for body in bodies:
            try:
                await database.run(notes.put(body))
                stored.append(body)
            except RetryableError:
                await asyncio.sleep(0.05)
        await bench.until(lambda: State.FAILING in bench.states)
        disk.on_write = None
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        assert await database.run(notes.all()) == stored


async def test_a_file_that_was_removed_is_not_replaced_in_silence(bench, notes, disk):
    async with bench.opened() as database:
        await database.run(notes.create())
        bench.path.unlink()
        disk.on_write = faulty_disk.io_error
        await refused(database, notes.put())
        disk.on_write = None
        await bench.until(lambda: any("removed" in condition.why for condition in bench.conditions))
        assert not bench.path.exists()


async def test_more_than_max_mib_is_refused_with_numbers_until_there_is_room(bench, notes):
    async with bench.opened(max_bytes=4 << 20) as database:
        await database.run(notes.create())
        ids = []
        with pytest.raises(RetryableError, match=r"max_mib 4") as caught:  # noqa: PT012 - until it does
            for _ in range(100):
                ids.append(await database.run(notes.put(b"n" * 200_000)))
        assert caught.value.reason == "disk_full"
        assert 15 <= len(ids) <= 30
        for each in ids:
            await database.run(notes.remove(each))
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        await database.run(notes.put())
