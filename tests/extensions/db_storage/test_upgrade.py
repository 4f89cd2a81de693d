"""An older and a newer version side by side: the newer one changes the schema under traffic, the older one goes on.

The older one is today's code; the newer one is today's code with one migration more.
"""

import asyncio
from pathlib import Path

import psycopg
import pytest

from otel_discord.component.errors import StartError
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.extensions.db_storage.failures import Failure
from otel_discord.extensions.db_storage.schema import (
    COMPATIBLE_FROM,
    POSTGRESQL_MIGRATIONS,
    generation_of,
    prepare_schema,
)
from otel_discord.extensions.db_storage.transactor import FailedError, Transactor
from otel_discord.store.schema import MIGRATIONS
from otel_discord.testing.host import NopHost
from otel_discord.testing.otlp import logs_batch
from otel_discord.testing.storage_contract_base import OWNER, ROOMY
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.server import Server
from tests.extensions.db_storage.test_starting import storage
from tests.extensions.db_storage.traffic import run_traffic

TODAY = generation_of(len(MIGRATIONS), len(POSTGRESQL_MIGRATIONS))
FUTURE = (
    *POSTGRESQL_MIGRATIONS,
    (
        "CREATE TABLE novelties (id BIGINT PRIMARY KEY)",
        "ALTER TABLE cards ADD COLUMN novelty TEXT",
        "ALTER TABLE batches ADD COLUMN novelty BIGINT NOT NULL DEFAULT 7",
    ),
)


async def upgrade(transactor: Transactor, schema: str, compatible_from: int) -> None:
    """Do what a newer version does at its start."""
    async with asyncio.timeout(20):
        while True:
            try:
                await transactor.run(prepare_schema(schema, FUTURE, compatible_from))
            except FailedError as error:
                if error.failure is not Failure.BUSY:
                    raise
                await asyncio.sleep(0.3)
            else:
                return


def transactor_of(opened: DbStorage) -> Transactor:
    return opened._at_hand.transactor


def columns(server: Server, schema: str) -> int:
    with psycopg.connect(server.url) as connection:
        rows = connection.execute(
            "SELECT count(*) FROM information_schema.columns WHERE table_schema = %s AND column_name = 'novelty'",
            (schema,),
        ).fetchall()
    return int(rows[0][0])


async def test_the_older_version_goes_on_while_a_newer_one_changes_the_schema(
    server: Server, schema: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Row 78 of the fault matrix."""
    old, new = storage(server, schema, tmp_path / "old"), storage(server, schema, tmp_path / "new")
    async with old.lifespan(NopHost()), new.lifespan(NopHost()), old.open_queue(OWNER, ROOMY) as queue:

        async def trouble() -> None:
            await asyncio.sleep(0.3)
            await upgrade(transactor_of(new), schema, COMPATIBLE_FROM)
            await asyncio.sleep(0.3)

        account = await run_traffic(queue, trouble)
        account.check()
        assert columns(server, schema) == 2
        async with new.open_queue("discord/newer", ROOMY) as beside:
            await beside.done(await beside.put(logs_batch()))
    assert "newer" not in caplog.text
    again = storage(server, schema, tmp_path / "old")  # the old version is started again beside the new one
    async with again.lifespan(NopHost()), again.open_queue(OWNER, ROOMY) as queue:
        assert "is of a newer version of otel-discord, which lets this one work on it" in caplog.text
        (await run_traffic(queue, lambda: asyncio.sleep(0.2))).check()


async def test_an_older_version_is_refused_where_it_would_do_harm(server: Server, schema: str, tmp_path: Path) -> None:
    old = storage(server, schema, tmp_path)
    async with old.lifespan(NopHost()):
        async with old.open_queue(OWNER, ROOMY):
            with pytest.raises(StartError, match=f"{OWNER} by .* stop every older one"):
                await upgrade(transactor_of(old), schema, TODAY + 1)
        assert columns(server, schema) == 0
        await upgrade(transactor_of(old), schema, TODAY + 1)
    with pytest.raises(StartError, match="newer version of otel-discord"):
        async with storage(server, schema, tmp_path).lifespan(NopHost()):
            pass


async def test_who_cannot_have_a_table_at_once_holds_nobody_up(
    server: Server, schema: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A transaction of somebody's holds the table: the change waits for it in short attempts, work goes on between."""
    old = storage(server, schema, tmp_path)
    async with old.lifespan(NopHost()), old.open_queue(OWNER, ROOMY) as queue:
        with psycopg.connect(server.url) as somebody:
            somebody.execute(f"SELECT count(*) FROM {schema}.cards")
            changing = asyncio.create_task(upgrade(transactor_of(old), schema, COMPATIBLE_FROM))

            async def trouble() -> None:
                await asyncio.sleep(2)

            account = await run_traffic(queue, trouble, producers=2)
            account.check()
            assert sum(account.stored.values()) > 30
            assert not changing.done()
        await changing
    assert columns(server, schema) == 2


async def test_several_versions_start_at_the_same_moment(server: Server, schema: str, tmp_path: Path) -> None:
    config = DbStorageConfig(datasource=Secret(server.url), schema_name=schema, directory=tmp_path)
    stores = [DbStorage(settings("db_storage"), config) for _ in range(4)]

    async def start(number: int) -> None:
        async with stores[number].lifespan(NopHost()):
            if number % 2:
                await upgrade(transactor_of(stores[number]), schema, COMPATIBLE_FROM)

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(start(number))
    assert columns(server, schema) == 2
