"""Small values by key in memory: what a component remembers where no storage keeps it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from otel_discord.component.errors import ShutdownError, StartError


class MemoryTable:
    """A :class:`~otel_discord.component.state_table.StateTable` that lasts as long as this object."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        self._closed = False

    async def items(self) -> Mapping[str, bytes]:
        """Return every value by its key, as they are now."""
        self._refuse_if_closed()
        return dict(self._values)

    async def get(self, key: str) -> bytes | None:
        """Return a value, None where there is none."""
        self._refuse_if_closed()
        return self._values.get(key)

    async def put(self, changes: Mapping[str, bytes | None]) -> None:
        """Store values, or with None remove them."""
        self._refuse_if_closed()
        for key, value in changes.items():
            self._set(key, value)

    async def swap(self, key: str, expected: bytes | None, value: bytes | None) -> bool:
        """Store or remove a value if it is ``expected`` (None: if there is none); return whether it was."""
        self._refuse_if_closed()
        if self._values.get(key) != expected:
            return False
        self._set(key, value)
        return True

    def reopen(self) -> None:
        """Begin another run: what the last one left is there."""
        self._closed = False

    def close(self) -> None:
        """End the run: whoever uses the table from now on hears a ShutdownError."""
        self._closed = True

    def _set(self, key: str, value: bytes | None) -> None:
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise ShutdownError("the table is closed")


class MemoryTables:
    """What :class:`~otel_discord.component.state_table.KeepsTables` says, for as long as this object lasts."""

    def __init__(self) -> None:
        self._tables: dict[str, MemoryTable] = {}
        self._open: set[str] = set()

    @asynccontextmanager
    async def open_table(self, owner: str) -> AsyncIterator[MemoryTable]:
        """Open the values of one owner; what an earlier run on this object left is there.

        Raises:
            StartError: the table is open already.
        """
        if owner in self._open:
            raise StartError(f"the table of {owner} is already open")
        table = self._tables.setdefault(owner, MemoryTable())
        table.reopen()
        self._open.add(owner)
        try:
            yield table
        finally:
            self._open.discard(owner)
            table.close()
