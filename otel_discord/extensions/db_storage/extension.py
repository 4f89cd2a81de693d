"""The extension: finds out whether the server will do, brings the schema to today's, offers queues and tables on it
and says how it fares."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, TypeVar

from otel_discord.component import Component, Host, Settings, StartError, Status
from otel_discord.component.egress import EgressAccount
from otel_discord.component.fleet import Fleet, shard_owner
from otel_discord.component.instruments import StorageInstruments
from otel_discord.component.resharding import Layout
from otel_discord.component.state_table import SharedTable, StateTable
from otel_discord.component.storage import QueueLimits, WorkQueue
from otel_discord.extensions.db_storage.condition import Condition, State, worst
from otel_discord.extensions.db_storage.config import DbStorageConfig
from otel_discord.extensions.db_storage.connections import ConnectionOptions, Connections
from otel_discord.extensions.db_storage.datasource import read_datasource
from otel_discord.extensions.db_storage.directory import prepare_directory
from otel_discord.extensions.db_storage.durability import (
    ask_server,
    check_durability,
)
from otel_discord.extensions.db_storage.egress import open_db_egress
from otel_discord.extensions.db_storage.failures import Failure, Words
from otel_discord.extensions.db_storage.fleet.member_works import found_fleet, strike
from otel_discord.extensions.db_storage.fleet.repeating import Repeating
from otel_discord.extensions.db_storage.fleet.replica import Means, open_fleet
from otel_discord.extensions.db_storage.fleet.watch import Member
from otel_discord.extensions.db_storage.leases import MIGRATION, Lease, end_all_others
from otel_discord.extensions.db_storage.pooling import refuse_pooled_statements
from otel_discord.extensions.db_storage.postgres import Ownership, PostgresDatabase
from otel_discord.extensions.db_storage.schema import align_numbers, prepare_schema
from otel_discord.extensions.db_storage.settling_in import SettlingIn
from otel_discord.extensions.db_storage.settling_works import fleet_size
from otel_discord.extensions.db_storage.shared_table import SharedTables
from otel_discord.extensions.db_storage.slots import take_slot
from otel_discord.extensions.db_storage.snapshots import SnapshotWatch
from otel_discord.extensions.db_storage.transactor import FailedError, Limits, Transactor
from otel_discord.extensions.db_storage.waiting_work import count_waiting
from otel_discord.store.operations_tables import owner_of_table
from otel_discord.store.relational_queue import open_relational_queue
from otel_discord.store.relational_table import open_relational_table
from otel_discord.store.work import Work

T = TypeVar("T")

STARTING_S: Final = 60.0
"""How long a server that is away is waited for at start."""
_AGAIN_S: Final = 0.5
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
        self._connections: Connections | None = None
        self._transactor: Transactor | None = None
        self._databases: dict[str, PostgresDatabase] = {}
        self._joined: set[str] = set()
        self._has_joined: set[str] = set()
        self._report: Callable[[Condition], None] = lambda _: None

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
        connections = Connections(
            ConnectionOptions(
                datasource=self._datasource,
                application_name=config.application_name,
                most=config.max_connections,
                connect_timeout_s=config.connect_timeout,
                prepare=config.prepare_statements,
            )
        )
        limits = Limits(
            schema=config.schema_name,
            statement_timeout_s=config.statement_timeout,
            lock_timeout_s=config.lock_timeout,
            idle_timeout_s=min(config.statement_timeout, config.lease),
        )
        transactor = Transactor(connections, limits, Words(self._datasource.secrets))

        def report(condition: Condition) -> None:
            host.report_status(_STATUS[condition.state], error=f"storage: {condition.why}" if condition.why else "")

        try:
            await self._prepare(transactor, connections, logger)
            self._connections, self._transactor, self._report = connections, transactor, report
            watch = SnapshotWatch(transactor=transactor, instruments=self._instruments, logger=logger)
            try:
                async with watch.running():
                    yield
            finally:
                if self._has_joined:
                    work = strike(self._has_joined, self._holder)
                    await Repeating(transactor, connections).last_word(work, _LAST_WORD_S)
        finally:
            self._connections = self._transactor = None
            await connections.close()

    async def _prepare(self, transactor: Transactor, connections: Connections, logger: logging.Logger) -> None:
        await refuse_pooled_statements(connections)
        server = await self._insist(transactor, ask_server(self._config.schema_name))
        said = check_durability(server, allow_unsafe=self._config.allow_unsafe_durability)
        newer = await self._insist(transactor, prepare_schema(self._config.schema_name))
        if newer:
            logger.warning(newer)
        await self._insist(transactor, align_numbers())
        waiting = await self._insist(transactor, count_waiting())
        level = logging.WARNING if server.unsafe else logging.INFO
        logger.log(level, f"{said}, {waiting}")  # noqa: G004 - one sentence for people

    async def _insist(self, transactor: Transactor, work: Work[T]) -> T:
        """Run a work that may be repeated; a server that is away is waited for."""
        deadline_s = asyncio.get_running_loop().time() + STARTING_S
        said = False
        while True:
            try:
                return await transactor.run(work)
            except FailedError as error:
                why = f"datasource: {self._datasource.label} cannot be used: {error.why}"
                if error.failure in (Failure.FAILED, Failure.WORK) or asyncio.get_running_loop().time() > deadline_s:
                    raise StartError(why) from None
                if not said:
                    self._settings.logger.warning(f"{why}; it is tried for {STARTING_S:g} s")  # noqa: G004 - for people
                    said = True
            await asyncio.sleep(_AGAIN_S)

    # ---------------------------------------------------------------------------------------- queues and tables

    @asynccontextmanager
    async def open_queue(self, owner: str, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
        """Open the queue of one exporter, named by its id and signal; what an earlier run left is in it.

        Raises:
            StartError: the extension is not open, this queue is open already, or another process has it.
        """
        await self._settling_in().gather_for_one(owner)
        async with (
            self._database(owner, f"the queue of {owner}") as database,
            open_relational_queue(
                database,
                owner,
                limits,
                logger=self._settings.logger,
                on_damaged=self._instruments.damaged_rows,
            ) as queue,
        ):
            yield queue

    @asynccontextmanager
    async def open_shards(self, owner: str, limits: QueueLimits) -> AsyncIterator[Mapping[int, WorkQueue]]:
        """Open every shard's queue of an exporter at rest, as they are.

        Raises:
            StartError: the extension is not open, or a replica has one of them.
        """
        if self._transactor is None:
            raise StartError(f"{self._settings.id} is not open: list it under service::extensions")
        shards = await self._insist(self._transactor, fleet_size(owner))
        queues: dict[int, WorkQueue] = {}
        async with AsyncExitStack() as stack:
            for shard in range(shards or 1):
                name = shard_owner(owner, shard)
                database = await stack.enter_async_context(self._database(name, f"the queue of {name}"))
                opened = open_relational_queue(
                    database, name, limits, logger=self._settings.logger, on_damaged=self._instruments.damaged_rows
                )
                queues[shard] = await stack.enter_async_context(opened)
            yield queues

    @asynccontextmanager
    async def open_slot(self, owner: str, limits: QueueLimits) -> AsyncIterator[WorkQueue]:
        """Open the first queue of an owner that no living replica has; what its last user left is in it.

        Raises:
            StartError: the extension is not open, or the server stays away.
        """
        if self._transactor is None:
            raise StartError(f"{self._settings.id} is not open: list it under service::extensions")
        slot = await take_slot(self._transactor, owner, self._holder, self._config.lease, own=self._databases)
        async with (
            self._database(slot.owner, f"the queue of {slot.owner}", slot.taken) as database,
            open_relational_queue(
                database,
                slot.owner,
                limits,
                logger=self._settings.logger,
                on_damaged=self._instruments.damaged_rows,
            ) as queue,
        ):
            yield queue

    async def settle_in(self, owner: str, layout: Layout) -> None:
        """Divide what one process has left among a fleet's shards; returns at once where that was done before.

        Raises:
            StartError: the extension is not open, another process works on it, or the server stays away.
        """
        await self._settling_in().settle_in(owner, layout)

    def _settling_in(self) -> SettlingIn:
        if self._transactor is None:
            raise StartError(f"{self._settings.id} is not open: list it under service::extensions")
        return SettlingIn(
            transactor=self._transactor,
            database=self._database,
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
            self._database(owner_of_table(owner), f"the table of {owner}") as database,
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
        if self._transactor is None or self._connections is None:
            raise StartError(f"{self._settings.id} is not open: list it under service::extensions")
        transactor, connections = self._transactor, self._connections
        shared = SharedTables(
            transactor=transactor,
            made=lambda ownership, hear: PostgresDatabase(
                transactor,
                connections,
                ownership,
                logger=self._settings.logger,
                instruments=self._instruments,
                on_condition=hear,
            ),
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
        if self._transactor is None:
            raise StartError(f"{self._settings.id} is not open: list it under service::extensions")
        label = f"{self._config.fleet.egress} {endpoint}"
        return open_db_egress(self._transactor, label, self._holder, whole_per_s)

    @asynccontextmanager
    async def join(self, owner: str, limits: QueueLimits) -> AsyncIterator[Fleet]:
        """Take part in the work of one exporter, named by its id and signal.

        Raises:
            StartError: the extension is not open, or this process has joined already.
        """
        if self._transactor is None or self._connections is None:
            raise StartError(f"{self._settings.id} is not open: list it under service::extensions")
        if owner in self._joined:
            raise StartError(f"the fleet of {owner} is already open")
        config, logger = self._config, self._settings.logger
        means = Means(
            Repeating(self._transactor, self._connections),
            self._database_of_many,
            logger,
            self._instruments.damaged_rows,
        )
        self._joined.add(owner)
        self._has_joined.add(owner)
        try:
            await self._settling_in().gather_if_resized(owner, config.fleet.shards)
            shards = await self._insist(self._transactor, found_fleet(owner, config.fleet.shards))
            if shards != config.fleet.shards:
                logger.warning(
                    "the fleet of %s has %d shards, not the %d of fleet::shards: that is changed only while all of its "
                    "replicas are stopped",
                    owner,
                    shards,
                    config.fleet.shards,
                )
            member = Member(owner, self._holder, config.fleet.egress, shards, config.lease)
            async with open_fleet(member, limits, means) as fleet:
                logger.info(
                    "replica %s of the fleet on %s, schema %s: %s in %d shards",
                    *(self._holder, *self.place, owner, shards),
                )
                yield fleet
        finally:
            self._joined.discard(owner)

    def _database_of_many(
        self, name: str, taken: tuple[Lease, float] | None = None
    ) -> AbstractAsyncContextManager[PostgresDatabase]:
        return self._database(name, f"the part {name}", taken, is_one_of_many=True)

    @asynccontextmanager
    async def whole_store(self) -> AsyncIterator[PostgresDatabase]:
        """Offer all of it, to be moved, while nobody has a lease (``store.moving``); meanwhile nobody gets one.

        Raises:
            StartError: the extension is not open, or something uses it.
        """
        async with self._database(MIGRATION, "the whole store") as database:
            users = await database.run(end_all_others())
            if users:
                raise StartError(
                    f"{self._settings.id} is in use: {users[0].name} by {users[0].holder}; stop it, or wait "
                    f"{users[0].left_s:.0f} s if it is gone"
                )
            yield database
            await database.run(align_numbers())

    @asynccontextmanager
    async def _database(
        self, name: str, spoken: str, taken: tuple[Lease, float] | None = None, *, is_one_of_many: bool = False
    ) -> AsyncIterator[PostgresDatabase]:
        if self._transactor is None or self._connections is None:
            raise StartError(f"{self._settings.id} is not open: list it under service::extensions")
        if name in self._databases:
            raise StartError(f"{spoken} is already open")
        database = PostgresDatabase(
            self._transactor,
            self._connections,
            Ownership(name, self._holder, self._config.lease, is_one_of_many and taken is not None),
            logger=self._settings.logger,
            instruments=self._instruments,
            on_condition=lambda _: self._tell(),
        )
        self._databases[name] = database
        try:
            async with _opened(database, taken):
                yield database
        finally:
            del self._databases[name]
            self._tell()

    def _tell(self) -> None:
        self._report(worst(database.condition for database in self._databases.values()))


def _opened(database: PostgresDatabase, taken: tuple[Lease, float] | None) -> AbstractAsyncContextManager[None]:
    return database.opened(taken)
