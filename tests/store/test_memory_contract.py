"""The suite that every storage passes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from otel_discord.component.storage import Storage
from otel_discord.store.memory import MemoryStorage
from otel_discord.testing.storage_contract import StorageContract


@pytest.mark.looptime
class TestMemoryStorage(StorageContract):
    @asynccontextmanager
    async def storage(self) -> AsyncIterator[Storage]:
        yield MemoryStorage()
