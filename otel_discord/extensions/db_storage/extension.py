"""The extension: finds out whether the server will do, brings the schema to today's, offers queues and tables on it
and says how it fares."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from otel_discord.component import Component, Host, RetryableError, Settings, StartError, Status
from otel_discord.component.egress import EgressAccount
from otel_discord.component.fleet import Fleet, shard_owner
from otel_discord.component.instruments import StorageInstruments
from otel_discord.component.left_slots import LeftSlot
from otel_discord.component.resharding import Layout
from otel_discord.component.state_table import SharedTable, StateTable
from otel_discord.component.storage import QueueLimits, WorkQueue
from otel_discord.extensions.db_storage.condition import Condition, State
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.databases import Databases
from otel_discord.extensions.db_storage.datasource import read_datasource
from otel_discord.extensions.db_storage.directory import prepare_directory
from otel_discord.extensions.db_storage.egress import open_db_egress
from otel_discord.extensions.db_storage.fleet.joining import joined_fleet
from otel_discord.extensions.db_storage.fleet.member_works import strike
from otel_discord.extensions.db_storage.fleet.repeating import Repeating
from otel_discord.extensions.db_storage.fleet.replica import Means
from otel_discord.extensions.db_storage.leases import MIGRATION, end_all_others
from otel_discord.extensions.db_storage.postgres import PostgresDatabase
from otel_discord.extensions.db_storage.preparing import Starting, new_connections, new_transactor
from otel_discord.extensions.db_storage.schema import align_numbers
from otel_discord.extensions.db_storage.settling_in import SettlingIn
from otel_discord.extensions.db_storage.settling_works import fleet_size
from otel_discord.extensions.db_storage.shared_table import SharedTables
from otel_discord.extensions.db_storage.slots import left_slots, take_left_slot, take_slot
from otel_discord.extensions.db_storage.snapshots import SnapshotWatch
from otel_discord.extensions.db_storage.transactor import Transactor
from otel_discord.store.operations_tables import owner_of_table
from otel_discord.store.relational_table import open_relational_table

_LAST_WORD_S: Final = 2.0
_STATUS: Final = {
    State.OK: Status.OK,
    State.FULL: Status.RECOVERABLE,
    State.AWAY: Status.RECOVERABLE,
    State.LOST: Status.RECOVERABLE,
    State.ENDED: Status.FATAL,
}


class DbStorage:
    """A :class:`~otel_discord.component.storage.Storage` in PostgreSQL, shared by any number of exporters, that also
    keeps tables (:class:`~otel_discord.component.state_table.KeepsTables`)."""

    def __init__(self, settings: Settings, config: DbStorageConfig) -> None:
        self._settings = settings
        self._config = config
        self._datasource = read_datasource(config.datasource.reveal())
        self._instruments = StorageInstruments(settings.meter, str(settings.id))
        called = config.fleet.replica or socket.gethostname()
        self._holder = f"{called} process {os.getpid()} ({secrets.token_hex(3)})"
        self._databases: Databases | None = None
        self._joined: set[str] = set()
        self._has_joined: set[str] = set()

    @property
    def state_directory(self) -> Path:
        """Where the control socket and dead letters live."""
        return self._config.directory

    @property
    def place(self) -> tuple[str, str]:
        """The database and the schema in it."""
        return self._datasource.label, self._config.schema_name

    @property
    def is_shared(self) -> bool:
        """Whether several processes work on it together."""
        return self._config.fleet.enabled

    def takes_over(self, predecessor: Component) -> bool:
        """Return whether the predecessor's queues are where this one keeps its own."""
        return isinstance(predecessor, DbStorage) and predecessor.place == self.place

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Keep connections at hand while the block runs.

        Raises:
            StartError: the server cannot be used; the message says why and never holds the password.
        """
        config, logger = self._config, self._settings.logger
        await asyncio.to_thread(prepare_directory, config.directory, create=config.create_directory)
        if self._datasource.unverified:
            logger.warning(self._datasource.unverified)
        connections = new_connections(config, self._datasource)
        transactor = new_transactor(config, self._datasource, connections)

        def report(condition: Condition) -> None:
            host.report_status(_STATUS[condition.state], error=f"storage: {condition.why}" if condition.why else "")

        try:
            await self._starting(transactor).prepare(connections, allow_unsafe=config.allow_unsafe_durability)
            self._databases = Databases(
                transactor,
                connections,
                holder=self._holder,
                lease_s=config.lease,
                instruments=self._instruments,
                logger=logger,
                report=report,
            )
            watch = SnapshotWatch(transactor=transactor, instruments=self._instruments, logger=logger)
            try:
                async with watch.running():
                    yield
            finally:
                if self._has_joined:
                    work = strike(self._has_joined, self._holder)
                    await Repeating(transactor, connections).last_word(work, _LAST_WORD_S)
        finally:
            self._databases = None
            await connections.close()

    # ---------------------------------------------------------------------------------------- queues and tables

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
        """Open the queue of one exporter, named by its id and signal; what an earlier run left is in it.

        Raises:
            StartError: the extension is not open, this queue is open already, or another process has it.
        """
        await self._settling_in().gather_for_one(owner)
        async with self._at_hand.queue(owner, limits) as queue:
            yield queue

    @asynccontextmanager
    async def open_shards(self, owner: str, limits: QueueLimits) -> AsyncIterator[Mapping[int, WorkQueue]]:
        """Open every shard's queue of an exporter at rest, as they are.

        Raises:
            StartError: the extension is not open, or a replica has one of them.
        """
        databases = self._at_hand
        shards = await self._starting(databases.transactor).insist(fleet_size(owner))
        queues: dict[int, WorkQueue] = {}
        async with AsyncExitStack() as stack:
            for shard in range(shards or 1):
                queues[shard] = await stack.enter_async_context(databases.queue(shard_owner(owner, shard), limits))
            yield queues

    @asynccontextmanager
    async def open_slot(self, owner: str, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
        """Open the first queue of an owner that no living replica has; what its last user left is in it.

        Raises:
            StartError: the extension is not open, or the server stays away.
        """
        databases = self._at_hand
        slot = await take_slot(databases.transactor, owner, self._holder, self._config.lease, own=databases.open)
        async with databases.queue(slot.owner, limits, slot.taken) as queue:
            yield queue

    @property
    def lease_s(self) -> float:
        """How long a slot stays a replica's without a word from it."""
        return self._config.lease

    async def left_slots(self, owner: str, key: str) -> Collection[LeftSlot]:
        """Return an owner's slots that no living replica has and in whose state there is a value under ``key``.

        Raises:
            RetryableError: the server is away.
        """
        databases = self._at_hand
        return await left_slots(databases.transactor, owner, key, own=databases.open)

    @asynccontextmanager
    async def adopt_slot(self, slot: LeftSlot, limits: QueueLimits) -> AsyncIterator[WorkQueue | None]:
        """Have a slot as long as the block runs; None where somebody has it, or has had it since it was found.

        Raises:
            RetryableError: the server is away.
        """
        databases = self._at_hand
        own = slot.owner in databases.open
        taken = None if own else await take_left_slot(databases.transactor, slot, self._holder, self._config.lease)
        if taken is None:
            yield None
            return
        async with AsyncExitStack() as stack:
            try:
                queue = await stack.enter_async_context(databases.queue(slot.owner, limits, taken.taken))
            except StartError as error:
                raise RetryableError(str(error)) from error
            yield queue

    async def settle_in(self, owner: str, layout: Layout) -> None:
        """Divide what one process has left among a fleet's shards; returns at once where that was done before.

        Raises:
            StartError: the extension is not open, another process works on it, or the server stays away.
        """
        await self._settling_in().settle_in(owner, layout)

    def _settling_in(self) -> SettlingIn:
        databases = self._at_hand
        return SettlingIn(
            transactor=databases.transactor,
            database=databases.opened,
            holder=self._holder,
            lease_s=self._config.lease,
            logger=self._settings.logger,
        )

    @asynccontextmanager
    async def open_table(self, owner: str) -> AsyncIterator[StateTable]:
        """Open the values of one component, named by its id; what an earlier run left is there.

        Raises:
            StartError: the extension is not open, this table is open already, or another process has it.
        """
        async with (
            self._at_hand.opened(owner_of_table(owner), f"the table of {owner}") as database,
            open_relational_table(
                database,
                owner,
                logger=self._settings.logger,
                on_damaged=self._instruments.damaged_rows,
            ) as table,
        ):
            yield table

    @asynccontextmanager
    async def open_shared_table(self, owner: str) -> AsyncIterator[SharedTable]:
        """Open the values of one component that every replica opens as well.

        Raises:
            StartError: the extension is not open.
        """
        databases = self._at_hand
        shared = SharedTables(
            transactor=databases.transactor,
            made=databases.new,
            holder=self._holder,
            lease_s=self._config.lease,
            logger=self._settings.logger,
            on_damaged=self._instruments.damaged_rows,
        )
        async with shared.open(owner) as table:
            yield table

    def open_egress(self, endpoint: str, whole_per_s: float) -> AbstractAsyncContextManager[EgressAccount]:
        """Take part in the use of the address that this process reaches an endpoint from.

        Raises:
            StartError: the extension is not open.
        """
        label = f"{self._config.fleet.egress} {endpoint}"
        return open_db_egress(self._at_hand.transactor, label, self._holder, whole_per_s)

    @asynccontextmanager
    async def join(self, owner: str, limits: QueueLimits) -> AsyncIterator[Fleet]:
        """Take part in the work of one exporter, named by its id and signal.

        Raises:
            StartError: the extension is not open, or this process has joined already.
        """
        databases = self._at_hand
        if owner in self._joined:
            raise StartError(f"the fleet of {owner} is already open")
        means = Means(
            Repeating(databases.transactor, databases.connections),
            databases.part,
            self._settings.logger,
            self._instruments.damaged_rows,
        )
        self._joined.add(owner)
        self._has_joined.add(owner)
        try:
            starting, settling = self._starting(databases.transactor), self._settling_in()
            async with joined_fleet(owner, limits, self._config.fleet, means, starting, settling) as fleet:
                yield fleet
        finally:
            self._joined.discard(owner)

    @asynccontextmanager
    async def whole_store(self) -> AsyncIterator[PostgresDatabase]:
        """Offer all of it, to be moved, while nobody has a lease (``store.moving``); meanwhile nobody gets one.

        Raises:
            StartError: the extension is not open, or something uses it.
        """
        async with self._at_hand.opened(MIGRATION, "the whole store") as database:
            users = await database.run(end_all_others())
            if users:
                raise StartError(
                    f"{self._settings.id} is in use: {users[0].name} by {users[0].holder}; stop it, or wait "
                    f"{users[0].left_s:.0f} s if it is gone"
                )
            yield database
            await database.run(align_numbers())

    @property
    def _at_hand(self) -> Databases:
        if self._databases is None:
            raise StartError(f"{self._settings.id} is not open: list it under service::extensions")
        return self._databases

    def _starting(self, transactor: Transactor) -> Starting:
        return Starting(transactor, self._datasource.label, self._config.schema_name, self._settings.logger)
