"""The extension: prepares the directory, holds the database open, offers queues and tables on it and says how it
fares."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from otel_discord.component import Component, Host, Settings, StartError, Status
from otel_discord.component.instruments import StorageInstruments
from otel_discord.component.state_table import StateTable
from otel_discord.component.storage import QueueLimits, WorkQueue
from otel_discord.extensions.file_storage.condition import Condition, State
from otel_discord.extensions.file_storage.config import DATABASE_NAME, MIB, FileStorageConfig
from otel_discord.extensions.file_storage.damaged_files import remove_old_sets
from otel_discord.extensions.file_storage.database import SqliteDatabase
from otel_discord.extensions.file_storage.directory import prepare_directory
from otel_discord.extensions.file_storage.options import DatabaseOptions
from otel_discord.extensions.file_storage.owners import ALL_OPENED_S, Waiting, count_waiting
from otel_discord.extensions.file_storage.space import SpaceLimits
from otel_discord.extensions.file_storage.sqlite_version import is_sound, sqlite_version
from otel_discord.store.relational_queue import open_relational_queue
from otel_discord.store.relational_table import open_relational_table

_STATUS: Final = {
    State.OK: Status.OK,
    State.FULL: Status.RECOVERABLE,
    State.DETACHED: Status.RECOVERABLE,
    State.FAILING: Status.RECOVERABLE,
    State.ENDED: Status.FATAL,
}


class FileStorage:
    """A :class:`~otel_discord.component.storage.Storage` on disk, shared by any number of exporters, that also keeps
    tables (:class:`~otel_discord.component.state_table.KeepsTables`).

    ``vfs`` names a VFS that is registered with apsw, for tests that record writes and inject faults.
    """

    def __init__(self, settings: Settings, config: FileStorageConfig, *, vfs: str = "") -> None:
        self._settings = settings
        self._config = config
        self._vfs = vfs
        self._instruments = StorageInstruments(settings.meter, str(settings.id))
        self._database: SqliteDatabase | None = None
        self._owners: set[str] = set()
        self._claimed: set[str] = set()
        self._tables: set[str] = set()
        self._is_moved = False
        """It was opened to be moved as it is: no exporter comes for what waits."""

    @property
    def state_directory(self) -> Path:
        """Where the control socket and dead letters live beside the database."""
        return self._config.directory

    def takes_over(self, predecessor: Component) -> bool:
        """Return whether the predecessor's queues are where this one keeps its own."""
        return isinstance(predecessor, FileStorage) and predecessor.state_directory == self.state_directory

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Hold the database open while the block runs.

        Raises:
            StartError: the directory or the file in it cannot be used, or another process has it.
        """

        def report(condition: Condition) -> None:
            host.report_status(_STATUS[condition.state], error=f"storage: {condition.why}" if condition.why else "")

        config, logger = self._config, self._settings.logger
        directory = await asyncio.to_thread(
            prepare_directory,
            config.directory,
            create=config.create_directory,
            allow_network_file_system=config.allow_network_file_system,
        )
        instruments = self._instruments
        database = SqliteDatabase(self._options(directory), logger=logger, instruments=instruments, on_condition=report)
        async with database.opened():
            with instruments.watch(size_bytes=lambda: database.size_bytes, free_bytes=lambda: database.free_bytes):
                self._database = database
                watch: asyncio.Task[None] | None = None
                try:
                    waiting = await self._say_what_holds(database)
                    await asyncio.to_thread(self._remove_old_damaged_files, directory)
                    watch = asyncio.create_task(self._say_what_nobody_claims(waiting))
                    yield
                finally:
                    if watch is not None:
                        watch.cancel()
                        await asyncio.wait([watch])
                    self._database = None

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
        """Open the queue of one exporter, named by its id and signal; what an earlier run left is in it.

        Raises:
            StartError: the extension is not open, or this queue is open already.
        """
        database = self._opened()
        if owner in self._owners:
            raise StartError(f"the queue of {owner} is already open")
        self._owners.add(owner)
        self._claimed.add(owner)
        try:
            async with open_relational_queue(
                database,
                owner,
                limits,
                logger=self._settings.logger,
                on_damaged=self._instruments.damaged_rows,
            ) as queue:
                yield queue
        finally:
            self._owners.discard(owner)

    @asynccontextmanager
    async def open_table(self, owner: str) -> AsyncIterator[StateTable]:
        """Open the values of one component, named by its id; what an earlier run left is there.

        Raises:
            StartError: the extension is not open, or this table is open already.
        """
        database = self._opened()
        if owner in self._tables:
            raise StartError(f"the table of {owner} is already open")
        self._tables.add(owner)
        try:
            async with open_relational_table(
                database,
                owner,
                logger=self._settings.logger,
                on_damaged=self._instruments.damaged_rows,
            ) as table:
                yield table
        finally:
            self._tables.discard(owner)

    @asynccontextmanager
    async def whole_store(self) -> AsyncIterator[SqliteDatabase]:
        """Offer all of it, to be moved; no queue and no table is open meanwhile (``store.moving``).

        Raises:
            StartError: the extension is not open, or something uses it.
        """
        if self._owners or self._tables:
            raise StartError(f"{self._settings.id} is in use")
        self._is_moved = True
        yield self._opened()

    def _opened(self) -> SqliteDatabase:
        if self._database is None:
            raise StartError(f"{self._settings.id} is not open: list it under service::extensions")
        return self._database

    def _options(self, directory: Path) -> DatabaseOptions:
        config = self._config
        return DatabaseOptions(
            path=directory / DATABASE_NAME,
            space=SpaceLimits(
                max_bytes=config.max_mib * MIB,
                min_free_bytes=config.min_free_mib * MIB,
                ballast_bytes=config.ballast_mib * MIB,
            ),
            fsync=config.fsync,
            keep_free_bytes=config.compaction.keep_free_mib * MIB,
            give_room_back=config.compaction.on_rebound,
            vacuum_at_start=config.compaction.on_start,
            vfs=self._vfs,
        )

    def _remove_old_damaged_files(self, directory: Path) -> None:
        keys = self._config.damaged_files
        removed = remove_old_sets(
            directory / DATABASE_NAME,
            now_s=time.time(),
            retention_s=keys.retention,
            max_bytes=keys.max_mib * MIB,
        )
        if removed:
            self._settings.logger.info("old damaged files were removed", extra={"files": len(removed)})

    async def _say_what_nobody_claims(self, waiting: Waiting) -> None:
        await asyncio.sleep(ALL_OPENED_S)
        for sentence in waiting.unclaimed(self._claimed) if not self._is_moved else ():
            self._settings.logger.warning(sentence)

    async def _say_what_holds(self, database: SqliteDatabase) -> Waiting:
        logger, version = self._settings.logger, sqlite_version()
        spoken = ".".join(map(str, version))
        waiting = await database.run(count_waiting())
        rest = f"SQLite {spoken}, {waiting}"
        if self._config.fsync:
            logger.info(f"durability: every acknowledged record is on disk (synchronous=FULL), {rest}")  # noqa: G004 - one sentence for people
        else:
            logger.warning(
                f"durability: a power cut may lose the last moments of what was acknowledged, a crash of the "  # noqa: G004
                f"process does not (fsync: false, synchronous=NORMAL), {rest}"
            )
        if not is_sound(version):
            logger.warning(
                f"SQLite {spoken} can lose commits when two connections checkpoint (mended in 3.51.3); one connection "  # noqa: G004
                "alone is used here, so it does not happen; do not open the file with other programs meanwhile"
            )
        return waiting
