"""The suite that every storage with tables passes: in memory, and on the relational model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from otel_discord.component.state_table import KeepsTables
from otel_discord.store.memory import MemoryStorage
from otel_discord.store.memory_table import MemoryTables
from otel_discord.testing.storage_contract_tables import TablesContract
from tests.store.sqlite_database import SqliteStorage


@pytest.mark.looptime
class TestMemoryTables(TablesContract):
    @asynccontextmanager
    async def tables(self) -> AsyncIterator[KeepsTables]:
        yield MemoryTables()


@pytest.mark.looptime
class TestMemoryStorage(TablesContract):
    @asynccontextmanager
    async def tables(self) -> AsyncIterator[KeepsTables]:
        yield MemoryStorage()


@pytest.mark.looptime
class TestRelationalTables(TablesContract):
    @asynccontextmanager
    async def tables(self) -> AsyncIterator[KeepsTables]:
        yield SqliteStorage()
