"""The suite that every storage passes, on the relational model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from otel_discord.component.storage import Storage
from otel_discord.testing.storage_contract import StorageContract
from tests.store.sqlite_database import SqliteStorage


@pytest.mark.looptime
class TestRelationalStorage(StorageContract):
    @asynccontextmanager
    async def storage(self) -> AsyncIterator[Storage]:
        yield SqliteStorage()
