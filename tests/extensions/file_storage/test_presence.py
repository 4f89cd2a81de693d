"""Files that somebody takes away while they are in use: nothing is accepted that nobody would find again."""

import shutil

import pytest

from otel_discord.component.errors import RetryableError
from otel_discord.extensions.file_storage.condition import State
from otel_discord.store.work import Access
from tests.extensions.file_storage.conftest import Bench


@pytest.fixture
def bench(tmp_path):
    """In a directory with a parent of its own."""
    (tmp_path / "storage").mkdir(mode=0o700)
    return Bench(tmp_path / "storage")


def remove_all(bench) -> None:
    for file in bench.directory.glob("file_storage*"):
        file.unlink()


def remove_database(bench) -> None:
    bench.path.unlink()


def remove_log(bench) -> None:
    bench.path.with_name("file_storage.db-wal").unlink()


def exchange_directory(bench) -> None:
    bench.directory.rename(bench.directory.with_name("moved"))
    bench.directory.mkdir(mode=0o700)


@pytest.mark.parametrize("take_away", [remove_all, remove_database, remove_log, exchange_directory])
async def test_what_was_removed_is_written_anew_before_anything_else_is_accepted(bench, notes, take_away, caplog):
    async with bench.opened() as database:
        await database.run(notes.create())
        await database.run(notes.put(b"before"))
        take_away(bench)
        await database.run(notes.put(b"after"))
        assert "disk has lost" not in caplog.text
        shutil.copytree(bench.directory, bench.directory.with_name("as a kill leaves it"))
    after = Bench(bench.directory.with_name("as a kill leaves it"))
    assert after.path.stat().st_mode & 0o777 == 0o600
    async with after.opened() as database:
        assert await database.run(notes.all()) == [b"before", b"after"]


async def test_it_is_noticed_also_when_nothing_comes(bench, notes):
    async with bench.opened() as database:
        await database.run(notes.create())
        await database.run(notes.put(b"before"))
        remove_all(bench)
        await bench.until(bench.path.exists)


async def test_without_its_directory_new_work_is_refused_until_it_is_back(bench, notes):
    away = bench.directory.with_name("away")
    async with bench.opened() as database:
        await database.run(notes.create())
        first = await database.run(notes.put(b"ends"))
        await database.run(notes.put(b"stays"))
        bench.directory.rename(away)
        with pytest.raises(RetryableError, match="removed") as caught:
            await database.run(notes.put(b"refused"))
        assert caught.value.reason == "storage_failed"
        await bench.until(lambda: bench.states[-1:] == [State.DETACHED])
        await database.run(notes.remove(first))
        await database.run(notes.put(b"outcome", access=Access.SETTLE))
        away.rename(bench.directory)
        await bench.until(lambda: bench.states[-1:] == [State.OK])
        await database.run(notes.put(b"fresh"))
    async with bench.opened() as database:
        assert await database.run(notes.all()) == [b"stays", b"outcome", b"fresh"]


async def test_a_database_that_somebody_else_put_there_is_left_alone(bench, notes, caplog):
    async with bench.opened() as database:
        await database.run(notes.create())
        bench.path.unlink()
        bench.path.write_bytes(b"theirs")
        with pytest.raises(RetryableError, match="another database"):
            await database.run(notes.put(b"refused"))
    assert bench.path.read_bytes() == b"theirs"
    assert "is lost unless they were only moved" in caplog.text
