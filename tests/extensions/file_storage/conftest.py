"""A database in a directory of the test, on a disk that does as it is told."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from otel_discord.component.instruments import StorageInstruments
from otel_discord.extensions.file_storage.condition import Condition, State
from otel_discord.extensions.file_storage.database import SqliteDatabase
from otel_discord.extensions.file_storage.options import DatabaseOptions
from otel_discord.extensions.file_storage.space import SpaceLimits
from otel_discord.store.work import Access, Query, Steps, Work
from otel_discord.testing.telemetry import InMemoryTelemetry
from tests.extensions.file_storage.faulty_disk import FaultyDisk

MIB = 1024 * 1024


class Notes:
    """Works on a table of their own, as small as can be."""

    @staticmethod
    def create() -> Work[None]:
        def steps() -> Steps[None]:
            yield Query("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")

        return Work("create", Access.SETTLE, steps)

    @staticmethod
    def put(body: bytes = b"x", access: Access = Access.ACCEPT, name: str = "put") -> Work[int]:
        def steps() -> Steps[int]:
            rows = yield Query("INSERT INTO notes (body) VALUES (?) RETURNING id", (body,))
            return int(rows[0][0])

        return Work(name, access, steps)

    @staticmethod
    def remove(note_id: int) -> Work[None]:
        def steps() -> Steps[None]:
            yield Query("DELETE FROM notes WHERE id = ?", (note_id,))

        return Work("remove", Access.SETTLE, steps)

    @staticmethod
    def all() -> Work[list[bytes]]:
        def steps() -> Steps[list[bytes]]:
            rows = yield Query("SELECT body FROM notes ORDER BY id")
            return [row[0] for row in rows]

        return Work("all", Access.READ, steps)


class Bench:
    """Opens databases in one directory and notes what they say."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "file_storage.db"
        self.telemetry = InMemoryTelemetry()
        self.conditions: list[Condition] = []
        self.disk: FaultyDisk | None = None

    def options(self, **changes: Any) -> DatabaseOptions:
        space = {"max_bytes": 1 << 40, "min_free_bytes": 0, "ballast_bytes": MIB}
        space |= {name: changes.pop(name) for name in list(changes) if name in space}
        vfs = self.disk.name if self.disk else ""
        return DatabaseOptions(self.path, SpaceLimits(**space), vfs=vfs, **changes)

    @asynccontextmanager
    async def opened(self, *, patience_s: float = 10.0, **changes: Any) -> AsyncIterator[SqliteDatabase]:
        database = SqliteDatabase(
            self.options(**changes),
            logger=logging.getLogger("otel_discord.testing.file_storage"),
            instruments=StorageInstruments(self.telemetry.meter, "file_storage"),
            on_condition=self.conditions.append,
            patience_s=patience_s,
        )
        async with database.opened():
            yield database

    @property
    def states(self) -> list[State]:
        return [condition.state for condition in self.conditions]

    async def until(self, holds: Callable[[], bool], patience_s: float = 10.0) -> None:
        async with asyncio.timeout(patience_s):
            while not holds():
                await asyncio.sleep(0.01)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def notes() -> type[Notes]:
    return Notes


@pytest.fixture
def disk(bench: Bench) -> Iterator[FaultyDisk]:
    disk = FaultyDisk(f"faulty-{uuid.uuid4().hex}")
    bench.disk = disk
    yield disk
    disk.unregister()


Opened = Callable[..., AbstractAsyncContextManager[SqliteDatabase]]
