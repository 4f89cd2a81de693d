"""A whole store moved from a directory into PostgreSQL and back is the same; nothing moves where something is in the
way."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from otel_discord.cli.commands import run_command_line
from otel_discord.component.errors import StartError
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.extensions.file_storage.config import FileStorageConfig
from otel_discord.extensions.file_storage.extension import FileStorage
from otel_discord.store.moving import WholeStore, move_store
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import OWNER, ROOMY
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.server import Server
from tests.extensions.file_storage.small_storage import NAME, rows_in, write


@asynccontextmanager
async def files(directory: Path) -> AsyncIterator[FileStorage]:
    storage = FileStorage(settings("file_storage"), FileStorageConfig(directory=directory, ballast_mib=1))
    async with storage.lifespan(NopHost()):
        yield storage


@asynccontextmanager
async def postgres(server: Server, schema: str, directory: Path) -> AsyncIterator[DbStorage]:
    config = DbStorageConfig(datasource=Secret(server.url), schema_name=schema, directory=directory)
    storage = DbStorage(settings("db_storage"), config)
    async with storage.lifespan(NopHost()):
        yield storage


async def move(source: WholeStore, target: WholeStore) -> dict[str, int]:
    async with source.whole_store() as old, target.whole_store() as new:
        return await move_store(old, new, lambda table, rows: None)


def full_store(directory: Path, batches: int = 700) -> dict[str, set[tuple]]:
    directory.mkdir()
    write(directory / NAME, batches=batches)
    found = rows_in(directory / NAME)
    del found["meta"]
    return found


async def test_a_store_goes_both_ways_and_is_the_same(server: Server, schema: str, tmp_path: Path) -> None:
    before = full_store(tmp_path / "one")
    async with files(tmp_path / "one") as one, postgres(server, schema, tmp_path) as between:
        counts = await move(one, between)
        assert counts == {name: len(rows) for name, rows in before.items()}
        assert min(counts.values()) > 0
        async with between.open_queue("o", ROOMY) as queue:
            added = await queue.put(logs_batch())
            assert added == 701  # numbering goes on
            await queue.done(added)
        async with files(tmp_path / "two") as two:
            assert await move(between, two) == counts
            async with two.open_queue("o", ROOMY) as queue:
                assert await queue.put(logs_batch()) == 702
                await queue.done(702)
    after = rows_in(tmp_path / "two" / NAME)
    del after["meta"]
    assert after == before


async def test_nothing_moves_into_a_store_that_is_not_empty(server: Server, schema: str, tmp_path: Path) -> None:
    full_store(tmp_path / "one", 5)
    async with files(tmp_path / "one") as one, postgres(server, schema, tmp_path) as target:
        async with target.open_queue(OWNER, ROOMY) as queue:
            await queue.put(logs_batch())
        with pytest.raises(StartError, match="not empty"):
            await move(one, target)
        async with target.open_queue(OWNER, ROOMY) as queue:
            assert queue.size == 1


async def test_nothing_moves_out_of_a_store_in_use(server: Server, schema: str, tmp_path: Path) -> None:
    async with (
        postgres(server, schema, tmp_path) as running,
        running.open_queue(OWNER, ROOMY),
        postgres(server, schema, tmp_path) as source,
        files(tmp_path / "two") as target,
    ):
        with pytest.raises(StartError, match=f"{OWNER} by "):
            await move(source, target)


async def test_half_a_store_is_not_used_and_the_move_may_be_begun_again(
    server: Server, schema: str, tmp_path: Path
) -> None:
    before = full_store(tmp_path / "one", 60)

    def stop(table: str, rows: int) -> None:
        if table == "cards":
            raise asyncio.CancelledError

    async with files(tmp_path / "one") as one, postgres(server, schema, tmp_path) as target:
        with pytest.raises(asyncio.CancelledError):
            async with one.whole_store() as old, target.whole_store() as new:
                await move_store(old, new, stop)
        with pytest.raises(StartError, match="not completed"):
            async with target.open_queue("o", ROOMY):
                pass
        assert await move(one, target) == {name: len(rows) for name, rows in before.items()}
        async with target.open_queue("o", ROOMY) as queue:
            assert queue.size == len(before["batches"])


def test_the_command_moves_and_says_how_much(
    server: Server, schema: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = full_store(tmp_path / "one", 20)
    total = sum(map(len, before.values()))
    before_handlers = list(logging.getLogger().handlers)
    try:
        assert run_command_line(["migrate-storage", "--from", f"{tmp_path}/one", "--to", server.url]) == 0
        assert f"{total} rows were moved" in capsys.readouterr().out
        assert run_command_line(["migrate-storage", "--from", server.url, "--to", f"{tmp_path}/two"]) == 0
        assert f"{total} rows were moved" in capsys.readouterr().out
        for source, target, words in [
            (f"{tmp_path}/one", server.url, "not empty"),
            ("nothing", server.url, "no extension 'nothing'"),
            (server.url, server.url, "the same storage"),
            ("postgres://user:secret-word@[::1", f"{tmp_path}/three", "--from"),
        ]:
            assert run_command_line(["migrate-storage", "--from", source, "--to", target]) == 1
            said = capsys.readouterr().err
            assert words in said
            assert "secret-word" not in said
    finally:
        logging.getLogger().handlers[:] = before_handlers
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute("DROP SCHEMA IF EXISTS otel_discord CASCADE")
    after = rows_in(tmp_path / "two" / NAME)
    assert {name: rows for name, rows in after.items() if name != "meta"} == before
