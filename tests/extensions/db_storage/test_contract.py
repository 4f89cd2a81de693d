"""The suites that every storage, and every extension, passes; on a real server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from otel_discord.component import Successor
from otel_discord.component.state_table import KeepsTables
from otel_discord.component.storage import KeepsState, Storage
from otel_discord.config import Secret
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.extensions.db_storage.factory import FACTORY
from otel_discord.testing.component_contract import check_component
from otel_discord.testing.host import NopHost
from otel_discord.testing.storage_contract import StorageContract
from otel_discord.testing.storage_contract_base import Reopen as ReopenStorage
from otel_discord.testing.storage_contract_tables import Reopen, TablesContract
from otel_discord.testing.telemetry import settings
from tests.extensions.db_storage.server import Server

_TABLES = "batches, cards, letters, state, messages, posted, leases, commits"


def config_of(server: Server, schema: str, directory: Path, **keys: Any) -> DbStorageConfig:
    return DbStorageConfig(datasource=Secret(server.url), schema_name=schema, directory=directory, **keys)


@asynccontextmanager
async def opened(config: DbStorageConfig) -> AsyncIterator[DbStorage]:
    storage = DbStorage(settings("db_storage"), config)
    async with storage.lifespan(NopHost()):
        yield storage


class _OnServer:
    """One schema for the class, emptied for each storage: making one takes as long as ten tests."""

    @pytest.fixture(autouse=True)
    def _place(self, server: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
        self._server = server
        self.config = config_of(server, "contract", tmp_path_factory.mktemp("state"), statement_timeout="5s")

    def empty(self) -> DbStorageConfig:
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            if connection.execute("SELECT to_regclass('contract.commits')").fetchone() != (None,):
                connection.execute("SET search_path = contract")
                connection.execute("; ".join(f"DELETE FROM {table}" for table in _TABLES.split(", ")))
        return self.config


class TestDbStorage(_OnServer, StorageContract):
    @asynccontextmanager
    async def storage(self) -> AsyncIterator[Storage]:
        async with opened(self.empty()) as storage:
            yield storage

    @asynccontextmanager
    async def place(self) -> AsyncIterator[ReopenStorage]:
        config = self.empty()
        yield lambda: opened(config)


class TestTables(_OnServer, TablesContract):
    @asynccontextmanager
    async def tables(self) -> AsyncIterator[KeepsTables]:
        async with opened(self.empty()) as storage:
            yield storage

    @asynccontextmanager
    async def place_of_tables(self) -> AsyncIterator[Reopen]:
        config = self.empty()
        yield lambda: opened(config)


async def test_it_is_a_component(server: Server, schema: str, tmp_path: Path) -> None:
    config = config_of(server, schema, tmp_path / "a" / "b")
    await check_component(lambda: FACTORY.create(settings("db_storage"), config))


async def test_it_offers_what_a_storage_offers(server: Server, schema: str, tmp_path: Path) -> None:
    storage = FACTORY.create(settings("db_storage"), config_of(server, schema, tmp_path))
    assert isinstance(storage, Storage | KeepsTables)
    assert isinstance(storage, KeepsState)
    assert isinstance(storage, Successor)
    assert storage.state_directory == tmp_path
