"""What is only read is asked in one breath, under the same settings as everything else, and leaves nothing behind."""

from pathlib import Path
from typing import Any

import pytest

from otel_discord.component.errors import ComponentError
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.connections import ConnectionOptions, Connections
from otel_discord.extensions.db_storage.conversation import Conversation
from otel_discord.extensions.db_storage.datasource import read_datasource
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.extensions.db_storage.transactor import Limits
from otel_discord.store.work import Access, Query, Steps, Work
from otel_discord.testing.host import NopHost
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.server import Server

_SETTINGS = "SELECT current_setting('search_path'), current_setting('transaction_read_only')"


def reading(sql: str, times: int = 1) -> Work[list[Any]]:
    def steps() -> Steps[list[Any]]:
        found: list[Any] = []
        for _ in range(times):
            found += yield Query(sql)
        return found

    return Work("reading", Access.READ, steps)


def limits_of(schema: str) -> Limits:
    return Limits(schema, statement_timeout_s=0.3, lock_timeout_s=1, idle_timeout_s=1)


async def test_a_question_needs_no_begin_and_no_commit(server: Server, schema: str) -> None:
    connections = Connections(ConnectionOptions(read_datasource(server.url), "test", 1, 5.0, True))
    async with connections.one() as connection:
        talk = Conversation(connection, limits_of(schema).opening(reads=True), only_reads=True)
        for _ in range(7):  # the driver prepares what it sees often
            assert [tuple(row) for row in await talk.ask(Query(_SETTINGS))] == [(f'"{schema}"', "on")]
            assert not talk.is_to_commit
            assert connection.info.transaction_status.name == "IDLE"
            cursor = await connection.execute(_SETTINGS)
            assert await cursor.fetchone() != (f'"{schema}"', "on"), "nothing stays with who has it next"
    await connections.close()


async def test_steps_of_a_reading_work_have_the_same_settings_and_bounds(
    server: Server, schema: str, tmp_path: Path
) -> None:
    config = DbStorageConfig.model_validate(
        {"datasource": server.url, "schema_name": schema, "directory": str(tmp_path), "statement_timeout": "300ms"}
    )
    storage = DbStorage(settings("db_storage"), config)
    async with storage.lifespan(NopHost()), storage._at_hand.opened("o", "o") as database:
        found = await database.run(reading(_SETTINGS, times=3))
        assert [tuple(row) for row in found] == [(f'"{schema}"', "on")] * 3
        with pytest.raises(ComponentError):
            await database.run(reading("SELECT 1 FROM pg_sleep(3)"))
        with pytest.raises(ComponentError):
            await database.run(reading("SELECT nextval('nothing')"))
        assert await database.run(reading("SELECT 1", times=2)) == [(1,), (1,)]
