"""What waits together is stored together, in its order; what goes wrong in one work harms no other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from otel_discord.component.errors import PermanentError, RetryableError
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.extensions.db_storage.postgres import PostgresDatabase
from otel_discord.store.work import Access, Query, Steps, Work
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import OWNER, ROOMY
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.server import Server


@asynccontextmanager
async def database(server: Server, schema: str, directory: Path, **keys: object) -> AsyncIterator[PostgresDatabase]:
    config = DbStorageConfig(datasource=Secret(server.url), schema_name=schema, directory=directory, **keys)
    storage = DbStorage(settings("db_storage"), config)
    async with storage.lifespan(NopHost()), storage._at_hand.opened("o", "o") as found:
        yield found


def note(key: str, *, then: Exception | None = None, sql: str = "") -> Work[str]:
    def steps() -> Steps[str]:
        yield Query("INSERT INTO meta (key, value, mirror) VALUES (?, 0, 0)", (key,))
        if sql:
            yield Query(sql)
        if then is not None:
            raise then
        return key

    return Work("note", Access.SETTLE, steps)


def notes() -> Work[set[str]]:
    def steps() -> Steps[set[str]]:
        rows = yield Query("SELECT key FROM meta WHERE key LIKE 'k%'")
        return {row[0] for row in rows}

    return Work("notes", Access.READ, steps)


async def test_works_that_wait_share_a_commit(server: Server, schema: str, tmp_path: Path) -> None:
    async with database(server, schema, tmp_path) as found:
        commits = found._number
        await asyncio.gather(*(found.run(note(f"k{number}")) for number in range(200)))
        assert found._number - commits <= 3
        assert len(await found.run(notes())) == 200


@pytest.mark.parametrize("broken", [note("k-raises", then=KeyError("own word")), note("k-sql", sql="SELECT nonsense")])
async def test_a_work_that_fails_fails_alone(server: Server, schema: str, tmp_path: Path, broken: Work[str]) -> None:
    async with database(server, schema, tmp_path) as found:
        works = [note("k1"), note("k2"), broken, note("k3")]
        endings = await asyncio.gather(*map(found.run, works), return_exceptions=True)
        assert [endings[0], endings[1], endings[3]] == ["k1", "k2", "k3"]
        assert isinstance(endings[2], KeyError | PermanentError)
        assert await found.run(notes()) == {"k1", "k2", "k3"}


async def test_works_end_in_the_order_in_which_they_came(server: Server, schema: str, tmp_path: Path) -> None:
    async with database(server, schema, tmp_path) as found:
        ended: list[int] = []

        async def one(number: int) -> None:
            await found.run(note(f"k{number:04}") if number % 3 else notes())
            ended.append(number)

        await asyncio.gather(*map(one, range(600)))
        assert ended == list(range(600))


async def test_batches_that_come_together_are_numbered_in_their_order(
    server: Server, schema: str, tmp_path: Path
) -> None:
    config = DbStorageConfig(datasource=Secret(server.url), schema_name=schema, directory=tmp_path)
    storage = DbStorage(settings("db_storage"), config)
    async with storage.lifespan(NopHost()), storage.open_queue(OWNER, ROOMY) as queue:
        ids = await asyncio.gather(*(queue.put(logs_batch()) for _ in range(500)))
        assert ids == sorted(ids)
        assert [(await queue.take()).id for _ in ids] == ids


async def test_without_prepared_statements_all_goes_as_well(server: Server, schema: str, tmp_path: Path) -> None:
    async with database(server, schema, tmp_path, prepare_statements=False) as found:
        for number in range(12):
            await found.run(note(f"k{number}"))
        assert len(await found.run(notes())) == 12


async def test_who_swaps_connections_is_found_out(server: Server, schema: str, tmp_path: Path) -> None:
    """Prepared statements vanish between two transactions, as behind a PgBouncer that does not know them."""
    async with database(server, schema, tmp_path) as found:
        for number in range(30):
            await found.run(note(f"k{number:02}"))
            for connection, _ in list(found._connections._idle):
                await connection.execute("DEALLOCATE ALL", prepare=False)
        assert len(await found.run(notes())) == 30
        assert found._connections._prepare is False


@pytest.mark.parametrize("key", ["k\x00", "k\ud800"])
async def test_a_text_that_postgresql_has_no_place_for_fails_alone(
    server: Server, schema: str, tmp_path: Path, key: str
) -> None:
    async with database(server, schema, tmp_path) as found:
        endings = await asyncio.gather(*map(found.run, [note("k1"), note(key), note("k2")]), return_exceptions=True)
        assert isinstance(endings.pop(1), PermanentError)
        assert endings == ["k1", "k2"]
        assert await found.run(notes()) == {"k1", "k2"}


async def test_a_mistake_of_ours_leaves_nobody_waiting(server: Server, schema: str, tmp_path: Path) -> None:
    async with database(server, schema, tmp_path) as found:
        found._transactor = None  # type: ignore[assignment]
        async with asyncio.timeout(5):
            for _ in range(2):
                with pytest.raises(RetryableError):
                    await found.run(note("k1"))
        found._transactor = AsyncNothing()  # type: ignore[assignment]


class AsyncNothing:
    async def run(self, work: object) -> None:
        return None
