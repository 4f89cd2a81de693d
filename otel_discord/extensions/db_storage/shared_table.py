"""A table that several processes share, and the lead among them: who acts for all has a lease with a fence."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.state_table import Lead, StateTable, TableChanges
from otel_discord.extensions.db_storage import leases
from otel_discord.extensions.db_storage import shared_works as works
from otel_discord.extensions.db_storage.boot_clock import boot_clock_s
from otel_discord.extensions.db_storage.condition import Condition, State
from otel_discord.extensions.db_storage.failures import Failure, component_error
from otel_discord.extensions.db_storage.group import StepsFailedError
from otel_discord.extensions.db_storage.leases import Lease
from otel_discord.extensions.db_storage.postgres import PostgresDatabase
from otel_discord.extensions.db_storage.taking import Ownership
from otel_discord.extensions.db_storage.transactor import FailedError, InDoubtError, Transactor
from otel_discord.store.jobs import Job
from otel_discord.store.operations_tables import owner_of_table
from otel_discord.store.relational_table import RelationalTable
from otel_discord.store.work import Database, Work

T = TypeVar("T")

_LOOK_S: Final = 0.5
"""How often who would lead looks whether the lead is free."""
_AGAIN_AT_ONCE: Final = frozenset({Failure.AWAY, Failure.BUSY, Failure.UNPREPARED})
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Unleased:
    """A :class:`~otel_discord.store.work.Database` of which many processes have one: each work is a transaction of its
    own, and nothing fences it. Where a commit's answer was lost the caller hears that it failed."""

    transactor: Transactor

    async def run(self, work: Work[T]) -> T:
        """Run a transaction.

        Raises:
            RetryableError: the server has no room, is away or fails.
            PermanentError: it cannot run the work's statements.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            job = Job(work, asyncio.get_running_loop().create_future())
            try:
                group = await self.transactor.transact([job])
            except InDoubtError as error:
                raise component_error(Failure.AWAY, error.why, work.name) from None
            except StepsFailedError as error:
                raise error.__cause__ or error from None
            except FailedError as error:
                if attempt < _ATTEMPTS and error.had_connection and error.failure in _AGAIN_AT_ONCE:
                    continue
                raise component_error(error.failure, error.why, work.name) from None
            break
        ending = group.endings[0]
        if ending.error is not None:
            raise ending.error
        result: T = ending.result
        return result


class SharedRelationalTable(RelationalTable):
    """The values of one owner, whose changes are numbered."""

    async def put(self, changes: Mapping[str, bytes | None]) -> None:
        """Store values, or with None remove them, in one transaction."""
        if changes:
            await self._run(works.put_in_shared_table(self._owner, dict(changes)))

    async def swap(self, key: str, expected: bytes | None, value: bytes | None) -> bool:
        """Store or remove a value if it is ``expected`` (None: if there is none); return whether it was."""
        swapped = await self._run(works.swap_in_shared_table(self._owner, key, expected, value))
        if swapped.damaged:
            self._say_forgotten([key])
        return swapped.done

    async def changes(self, since: int) -> TableChanges:
        """Return what has changed since a version; a value that is damaged is as one that was removed."""
        seen = await self._run(works.shared_changes(self._owner, since))
        if seen.damaged:
            self._logger.error("what was remembered as %s is damaged", seen.damaged, extra={"table": self._name})
        return TableChanges(seen.version, seen.values, seen.is_all)


@dataclass(frozen=True, slots=True)
class Leading:
    """A :class:`~otel_discord.component.state_table.Lead` that is held."""

    table: StateTable
    database: PostgresDatabase
    ended: asyncio.Event

    @property
    def certain_s(self) -> float:
        """For how long the lead is certainly this process's still."""
        return self.database.certain_s

    async def lost(self) -> None:
        """Return when another one leads, or may."""
        await self.ended.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedTables:
    """Opens shared tables for one process. ``made`` makes a database that works under a lease."""

    transactor: Transactor
    made: "Callable[[Ownership, Callable[[Condition], None]], PostgresDatabase]"
    holder: str
    lease_s: float
    logger: logging.Logger
    on_damaged: Callable[[int], None]

    @asynccontextmanager
    async def open(self, owner: str) -> AsyncIterator["OpenSharedTable"]:
        """Open the values of one owner."""
        table = OpenSharedTable(self, owner)
        try:
            yield table
        finally:
            table.close()

    def new_table(self, database: Database, owner: str) -> SharedRelationalTable:
        """Return an owner's values over a database."""
        return SharedRelationalTable(database, owner, logger=self.logger, on_damaged=self.on_damaged)


class OpenSharedTable(SharedRelationalTable):
    """A :class:`~otel_discord.component.state_table.SharedTable`."""

    def __init__(self, of: SharedTables, owner: str) -> None:
        super().__init__(Unleased(of.transactor), owner, logger=of.logger, on_damaged=of.on_damaged)
        self._of = of

    @asynccontextmanager
    async def lead(self) -> AsyncIterator[Lead]:
        """Wait until nobody leads, and lead as long as the block runs."""
        of, ended = self._of, asyncio.Event()
        name = f"leader of {owner_of_table(self._name)}"

        def hear(condition: Condition) -> None:
            if condition.state in (State.LOST, State.ENDED):
                ended.set()

        taken = await self._taken(name)
        database = of.made(Ownership(name, of.holder, of.lease_s, is_one_of_many=True), hear)
        async with database.opened(taken):
            table = of.new_table(database, self._name)
            try:
                yield Leading(table, database, ended)
            finally:
                table.close()

    async def _taken(self, name: str) -> tuple[Lease, float]:
        """Wait for the lease, and take it; return it and when it was asked for."""
        of = self._of
        while True:
            with contextlib.suppress(RetryableError):
                held = await self._run(leases.find_holder(name))
                if held is None or held.left_s <= 0 or held.holder == of.holder:
                    asked_s = boot_clock_s()
                    got = await self._run(leases.acquire(name, of.holder, of.lease_s))
                    if isinstance(got, Lease):
                        return got, asked_s
            if self._closed:
                raise ShutdownError("the table is closed")
            await asyncio.sleep(_LOOK_S)
