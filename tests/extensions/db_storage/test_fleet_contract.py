"""The suite that every storage of a fleet passes, on a real server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from otel_discord.component.fleet import SharesWork
from otel_discord.component.storage import Storage
from otel_discord.testing.fleet_contract import FleetContract
from tests.extensions.db_storage.fleet_place import Place, storage_at
from tests.extensions.db_storage.server import Server

_TABLES = "batches, state, leases, commits, rooms, replicas, fleets, placements, questions"


class TestFleet(FleetContract):
    """One schema for the class, emptied for each place: making one takes as long as several tests."""

    @pytest.fixture(autouse=True)
    def _where(self, server: Server, tmp_path: Path) -> None:
        self._server, self._directory = server, tmp_path

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        with psycopg.connect(self._server.url, autocommit=True) as connection:
            if connection.execute("SELECT to_regclass('fleet_contract.fleets')").fetchone() != (None,):
                connection.execute("SET search_path = fleet_contract")
                connection.execute("; ".join(f"DELETE FROM {table}" for table in _TABLES.split(", ")))
        yield Place(self._server.port, "fleet_contract", self._directory)


async def test_it_shares_work(server: Server, schema: str, tmp_path: Path) -> None:
    async with storage_at(Place(server.port, schema, tmp_path), server.url) as storage:
        assert isinstance(storage, SharesWork)
        assert isinstance(storage, Storage)
        assert storage.is_shared
