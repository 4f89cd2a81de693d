"""A table that several replicas in one process share, in memory: for tests of what goes on in a fleet.

Each replica opens it by an object of its own, which can be cut off (:attr:`MemorySharedTables.is_cut`) as a process is
that dies or is paused: nothing that it does arrives any more, and its lead is over when the lease is.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component.errors import RetryableError, ShutdownError
from otel_discord.component.state_table import Lead, TableChanges

LEASE_S: Final = 30.0
_LOOK_S: Final = 0.5


@dataclass(slots=True)
class SharedValues:
    """What the replicas share: the values of one owner, when each has changed, and who leads until when."""

    values: dict[str, bytes] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    version: int = 0
    fence: int = 0
    held_until_s: float = float("-inf")

    def set(self, changes: Mapping[str, bytes | None]) -> None:
        """Store values in one step."""
        self.version += 1
        for key, value in changes.items():
            self.changed[key] = self.version
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value


class MemorySharedTables:
    """What :class:`~otel_discord.component.state_table.SharesTables` says, for one replica.

    ``places`` is shared by all of them.
    """

    is_shared = True

    def __init__(self, places: dict[str, SharedValues], *, lease_s: float = LEASE_S) -> None:
        self._places = places
        self.lease_s = lease_s
        self.is_cut = False
        """Whether nothing arrives any more that this replica does."""

    @asynccontextmanager
    async def open_shared_table(self, owner: str) -> AsyncIterator["MemorySharedTable"]:
        """Open the values of one owner."""
        table = MemorySharedTable(self, self._places.setdefault(owner, SharedValues()))
        try:
            yield table
        finally:
            table.is_closed = True

    @asynccontextmanager
    async def open_table(self, owner: str) -> AsyncIterator["MemorySharedTable"]:
        """Open the same values for one process."""
        async with self.open_shared_table(owner) as table:
            yield table


class MemorySharedTable:
    """A :class:`~otel_discord.component.state_table.SharedTable`; with a ``fence`` that of who leads."""

    def __init__(self, of: MemorySharedTables, shared: SharedValues, *, fence: int | None = None) -> None:
        self.of = of
        self.shared = shared
        self.is_closed = False
        self._fence = fence

    async def items(self) -> Mapping[str, bytes]:
        """Return every value by its key."""
        await self._arrive()
        return dict(self.shared.values)

    async def get(self, key: str) -> bytes | None:
        """Return a value, None where there is none."""
        await self._arrive()
        return self.shared.values.get(key)

    async def put(self, changes: Mapping[str, bytes | None]) -> None:
        """Store values, or with None remove them."""
        await self._arrive(writes=True)
        if changes:
            self.shared.set(changes)

    async def swap(self, key: str, expected: bytes | None, value: bytes | None) -> bool:
        """Store or remove a value if it is ``expected`` (None: if there is none); return whether it was."""
        await self._arrive(writes=True)
        if self.shared.values.get(key) != expected:
            return False
        self.shared.set({key: value})
        return True

    async def changes(self, since: int) -> TableChanges:
        """Return what has changed since a version; -1 asks for everything."""
        await self._arrive()
        shared = self.shared
        if since < 0:
            return TableChanges(shared.version, dict(shared.values), is_all=True)
        changed = {key: shared.values.get(key) for key, version in shared.changed.items() if version > since}
        return TableChanges(shared.version, changed)

    @asynccontextmanager
    async def lead(self) -> AsyncIterator[Lead]:
        """Wait until nobody leads, and lead as long as the block runs."""
        loop, shared = asyncio.get_running_loop(), self.shared
        while self.of.is_cut or loop.time() < shared.held_until_s:  # noqa: ASYNC110 - time alone ends it
            await asyncio.sleep(_LOOK_S)
        if self.is_closed:
            raise ShutdownError("the table is closed")
        shared.fence += 1
        leading = _Leading(MemorySharedTable(self.of, shared, fence=shared.fence), shared.fence)
        leading.renew()
        keeping = asyncio.create_task(leading.keep(), name="lead")
        try:
            yield leading
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
            leading.table.is_closed = True
            if shared.fence == leading.fence and not self.of.is_cut:
                shared.held_until_s = float("-inf")

    async def _arrive(self, *, writes: bool = False) -> None:
        await asyncio.sleep(0)
        if self.of.is_cut:
            raise RetryableError("the storage is away", retry_after_s=1.0)
        if self.is_closed:
            raise ShutdownError("the table is closed")
        if writes and self._fence is not None and self._fence != self.shared.fence:
            raise ShutdownError("another replica leads", reason="late")


class _Leading:
    def __init__(self, table: MemorySharedTable, fence: int) -> None:
        self.table = table
        self.fence = fence
        self._certain_until_s = 0.0
        self._lost = asyncio.Event()

    @property
    def certain_s(self) -> float:
        return self._certain_until_s - asyncio.get_running_loop().time()

    async def lost(self) -> None:
        await self._lost.wait()

    def renew(self) -> None:
        shared, tables = self.table.shared, self.table.of
        if tables.is_cut:
            return
        if shared.fence != self.fence:
            self._lost.set()
            return
        shared.held_until_s = self._certain_until_s = asyncio.get_running_loop().time() + tables.lease_s

    async def keep(self) -> None:
        while not self._lost.is_set():
            await asyncio.sleep(self.table.of.lease_s / 3)
            self.renew()
