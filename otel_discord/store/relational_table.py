"""Small values by key in a database: what a component remembers survives the process; nothing of it is in memory."""

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from otel_discord.component.errors import ShutdownError
from otel_discord.store import operations_tables as works
from otel_discord.store.transactions import book_nothing
from otel_discord.store.work import Database, Work

T = TypeVar("T")

_LOGGER: Final = logging.getLogger(__name__)


class RelationalTable:
    """A :class:`~otel_discord.component.state_table.StateTable` over a database; see :func:`open_relational_table`.

    Nothing is tried again here: who remembers something knows best whether to wait, and hears the RetryableError.
    A method that is cancelled may have stored its changes or not; never a part of them.
    """

    def __init__(
        self, database: Database, owner: str, *, logger: logging.Logger, on_damaged: Callable[[int], None]
    ) -> None:
        self._database = database
        self._name = owner
        self._owner = works.owner_of_table(owner)
        self._logger = logger
        self._on_damaged = on_damaged
        self._closed = False

    async def items(self) -> Mapping[str, bytes]:
        """Return every value by its key; damaged ones are forgotten, and the log says so.

        Raises:
            RetryableError: the database cannot be read now, or cannot forget what is damaged.
            ShutdownError: the table is closed.
        """
        return await self._read(works.table_items(self._owner))

    async def get(self, key: str) -> bytes | None:
        """Return a value, None where there is none; a damaged one is forgotten, and the log says so.

        Raises:
            RetryableError: the database cannot be read now, or cannot forget what is damaged.
            ShutdownError: the table is closed.
        """
        return (await self._read(works.table_value(self._owner, key))).get(key)

    async def put(self, changes: Mapping[str, bytes | None]) -> None:
        """Store values, or with None remove them, in one transaction.

        Raises:
            RetryableError: the database cannot store now; nothing has changed.
            ShutdownError: the table is closed.
        """
        if changes:
            await self._run(works.put_in_table(self._owner, dict(changes)))

    async def swap(self, key: str, expected: bytes | None, value: bytes | None) -> bool:
        """Store or remove a value if it is ``expected`` (None: if there is none); return whether it was.

        A damaged value counts as none.

        Raises:
            RetryableError: the database cannot store now; nothing has changed.
            ShutdownError: the table is closed.
        """
        swapped = await self._run(works.swap_in_table(self._owner, key, expected, value))
        if swapped.damaged:
            self._say_forgotten([key])
        return swapped.done

    def close(self) -> None:
        """End the run: whoever uses the table from now on hears a ShutdownError."""
        self._closed = True

    async def _read(self, work: Work[works.Found]) -> Mapping[str, bytes]:
        found = await self._run(work)
        if found.damaged:
            forgotten = await self._run(works.forget_damaged(self._owner, found.damaged))
            self._say_forgotten(forgotten)
        return found.values

    async def _run(self, work: Work[T]) -> T:
        if self._closed:
            raise ShutdownError("the table is closed")
        return await self._database.run(work)

    def _say_forgotten(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._logger.error("what was remembered as %r is damaged and forgotten", key, extra={"table": self._name})
        if keys:
            self._on_damaged(len(keys))


@asynccontextmanager
async def open_relational_table(
    database: Database,
    owner: str,
    *,
    logger: logging.Logger = _LOGGER,
    on_damaged: Callable[[int], None] = book_nothing,
) -> AsyncIterator[RelationalTable]:
    """Open the values of one component in a database whose schema is today's (``migration.migrate``).

    One table of an owner is open at a time; seeing to it is the caller's business. ``on_damaged`` is told how many
    damaged rows were forgotten.
    """
    table = RelationalTable(database, owner, logger=logger, on_damaged=on_damaged)
    try:
        yield table
    finally:
        table.close()
