"""Tables that several processes share, on a real server."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from otel_discord.component.errors import ShutdownError
from otel_discord.component.state_table import KeepsTables, SharedTable, SharesTables
from otel_discord.extensions.db_storage import shared_works
from otel_discord.extensions.db_storage.extension import DbStorage
from otel_discord.testing.storage_contract_shared_tables import SharedTablesContract
from otel_discord.testing.storage_contract_tables import Reopen, TablesContract
from tests.extensions.db_storage.server import Server
from tests.extensions.db_storage.test_contract import config_of, opened


class TestTwoReplicas(SharedTablesContract):
    @pytest.fixture(autouse=True)
    def _place(self, server: Server, schema: str, tmp_path: Path) -> None:
        self._config = config_of(server, schema, tmp_path)

    @asynccontextmanager
    async def replicas(self) -> AsyncIterator[tuple[SharesTables, SharesTables]]:
        async with opened(self._config) as one, opened(self._config) as two:
            yield one, two


class _Alone:
    """Opens shared tables where a table of one process is asked for."""

    def __init__(self, storage: DbStorage) -> None:
        self._storage = storage

    def open_table(self, owner: str) -> AbstractAsyncContextManager[SharedTable]:
        return self._storage.open_shared_table(owner)


class TestAsATable(TablesContract):
    @pytest.fixture(autouse=True)
    def _place(self, server: Server, schema: str, tmp_path: Path) -> None:
        self._config = config_of(server, schema, tmp_path)

    @asynccontextmanager
    async def tables(self) -> AsyncIterator[KeepsTables]:
        async with opened(self._config) as storage:
            yield _Alone(storage)

    @asynccontextmanager
    async def place_of_tables(self) -> AsyncIterator[Reopen]:
        @asynccontextmanager
        async def reopen() -> AsyncIterator[KeepsTables]:
            async with opened(self._config) as storage:
                yield _Alone(storage)

        yield reopen

    async def test_a_table_is_opened_once_at_a_time(self) -> None:
        """This one is not."""


async def test_who_was_paused_past_its_lease_stores_nothing_more(server: Server, schema: str, tmp_path: Path):
    config = config_of(server, schema, tmp_path)
    async with (
        opened(config) as one,
        opened(config) as two,
        one.open_shared_table("a") as mine,
        two.open_shared_table("a") as theirs,
        mine.lead() as lead,
    ):
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"UPDATE {schema}.leases SET until = 'epoch' WHERE name LIKE 'leader of %'")
        async with theirs.lead() as other:
            with pytest.raises(ShutdownError):
                await lead.table.put({"a": b"1"})
            await lead.lost()
            assert lead.certain_s <= 0 < other.certain_s
            await other.table.put({"a": b"2"})
        assert dict(await mine.items()) == {"a": b"2"}


async def test_what_one_process_had_stored_is_there_and_stays(server: Server, schema: str, tmp_path: Path):
    config = config_of(server, schema, tmp_path)
    async with opened(config) as storage:
        async with storage.open_table("a") as alone:
            await alone.put({"old": b"1"})
        async with storage.open_shared_table("a") as shared:
            assert (await shared.changes(-1)).values == {"old": b"1"}
            await shared.put({"new": b"2"})
        async with storage.open_table("a") as alone:
            assert dict(await alone.items()) == {"old": b"1", "new": b"2"}


async def test_who_has_missed_much_reads_everything(
    server: Server, schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(shared_works, "KEPT", 5)
    async with opened(config_of(server, schema, tmp_path)) as storage, storage.open_shared_table("a") as table:
        for number in range(8):
            await table.put({f"{number}": b""})
        assert not (await table.changes(4)).is_all
        late = await table.changes(1)
        assert late.is_all
        assert len(late.values) == 8
