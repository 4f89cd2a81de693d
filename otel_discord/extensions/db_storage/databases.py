"""The databases of those whom one process works for, on one server: each is opened once, and all fare together."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from otel_discord.component.errors import StartError
from otel_discord.component.instruments import StorageInstruments
from otel_discord.component.storage import QueueLimits
from otel_discord.extensions.db_storage.condition import Condition, worst
from otel_discord.extensions.db_storage.connections import Connections
from otel_discord.extensions.db_storage.leases import Lease
from otel_discord.extensions.db_storage.postgres import PostgresDatabase
from otel_discord.extensions.db_storage.taking import Ownership
from otel_discord.extensions.db_storage.transactor import Transactor
from otel_discord.store.relational_queue import RelationalQueue, open_relational_queue


class Databases:
    """Of one lifetime of the extension. ``report`` hears how the worst of them fares, whenever one of them changes."""

    def __init__(
        self,
        transactor: Transactor,
        connections: Connections,
        *,
        holder: str,
        lease_s: float,
        instruments: StorageInstruments,
        logger: logging.Logger,
        report: Callable[[Condition], None],
    ) -> None:
        self.transactor = transactor
        self.connections = connections
        self.open: dict[str, PostgresDatabase] = {}
        """By the name of the lease."""
        self._holder = holder
        self._lease_s = lease_s
        self._instruments = instruments
        self._logger = logger
        self._report = report

    def new(self, ownership: Ownership, on_condition: Callable[[Condition], None]) -> PostgresDatabase:
        """Return one that is not open yet, and that nobody is told of but ``on_condition``."""
        return PostgresDatabase(
            self.transactor,
            self.connections,
            ownership,
            logger=self._logger,
            instruments=self._instruments,
            on_condition=on_condition,
        )

    @asynccontextmanager
    async def opened(
        self, name: str, spoken: str, taken: tuple[Lease, float] | None = None, *, is_one_of_many: bool = False
    ) -> AsyncIterator[PostgresDatabase]:
        """Open one by the name of its lease, what people call it, and the lease where it is taken already.

        Raises:
            StartError: it is open already, another process holds its lease, or the server fails.
        """
        if name in self.open:
            raise StartError(f"{spoken} is already open")
        ownership = Ownership(name, self._holder, self._lease_s, is_one_of_many and taken is not None)
        database = self.open[name] = self.new(ownership, lambda _: self._tell())
        try:
            async with database.opened(taken):
                yield database
        finally:
            del self.open[name]
            self._tell()

    def part(
        self, name: str, taken: tuple[Lease, float] | None = None
    ) -> AbstractAsyncContextManager[PostgresDatabase]:
        """Open one of the many that a fleet has."""
        return self.opened(name, f"the part {name}", taken, is_one_of_many=True)

    @asynccontextmanager
    async def queue(
        self, owner: str, limits: QueueLimits, taken: tuple[Lease, float] | None = None
    ) -> AsyncIterator[RelationalQueue]:
        """Open an owner's queue, whose lease may be taken already.

        Raises:
            StartError: as :meth:`opened`.
        """
        logger, on_damaged = self._logger, self._instruments.damaged_rows
        async with (
            self.opened(owner, f"the queue of {owner}", taken) as database,
            open_relational_queue(database, owner, limits, logger=logger, on_damaged=on_damaged) as queue,
        ):
            yield queue

    def _tell(self) -> None:
        self._report(worst(database.condition for database in self.open.values()))
