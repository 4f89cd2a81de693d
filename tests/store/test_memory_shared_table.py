"""The shared table in memory does what one in a database does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.state_table import SharesTables
from otel_discord.store.memory_shared_table import LEASE_S, MemorySharedTables, SharedValues
from otel_discord.testing.storage_contract_shared_tables import SharedTablesContract

pytestmark = pytest.mark.looptime


class TestSharedTables(SharedTablesContract):
    @asynccontextmanager
    async def replicas(self) -> AsyncIterator[tuple[SharesTables, SharesTables]]:
        places: dict[str, SharedValues] = {}
        yield MemorySharedTables(places), MemorySharedTables(places)


async def test_who_is_cut_off_loses_the_lead_with_its_lease():
    places: dict[str, SharedValues] = {}
    one, two = MemorySharedTables(places), MemorySharedTables(places)
    async with one.open_shared_table("a") as mine, two.open_shared_table("a") as theirs, mine.lead() as lead:
        one.is_cut = True
        with pytest.raises(RetryableError):
            await lead.table.put({"a": b"1"})
        async with theirs.lead() as other:
            assert lead.certain_s <= 0
            assert 0 < other.certain_s <= LEASE_S
            one.is_cut = False
            with pytest.raises(ShutdownError):
                await lead.table.put({"a": b"1"})
            await lead.lost()
            await other.table.put({"a": b"2"})
        assert dict(await mine.items()) == {"a": b"2"}
