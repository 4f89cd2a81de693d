"""What a storage keeps beside queues: small values by key, for components that remember things of their own.

A component that finds a storage without it, or has none configured, keeps them in memory (``store.memory_table``).
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


class StateTable(Protocol):
    """The values of one owner. Each method is one transaction, as durable as the storage promises when it returns.

    All of them raise RetryableError where the storage cannot do it now (a full disk); then nothing has changed.
    """

    async def items(self) -> Mapping[str, bytes]:
        """Return every value by its key."""
        ...

    async def get(self, key: str) -> bytes | None:
        """Return a value, None where there is none."""
        ...

    async def put(self, changes: Mapping[str, bytes | None]) -> None:
        """Store values, or with None remove them, in one step."""
        ...

    async def swap(self, key: str, expected: bytes | None, value: bytes | None) -> bool:
        """Store or remove a value if it is ``expected`` (None: if there is none); return whether it was."""
        ...


@runtime_checkable
class KeepsTables(Protocol):
    """What a storage extension offers to components that remember."""

    def open_table(self, owner: str) -> AbstractAsyncContextManager[StateTable]:
        """Open the values of one owner, named by its component id; what an earlier run left is there.

        Raises:
            StartError: the storage is not open, or this table is open already.
        """
        ...


@dataclass(frozen=True, slots=True)
class TableChanges:
    """What has changed in a shared table since a version of it."""

    version: int
    """To be asked with the next time; it has grown whenever something has changed."""
    values: Mapping[str, bytes | None]
    """The latest value of each key that has changed; None where there is none any more."""
    is_all: bool = False
    """The values are all there are: what is not named is not there."""


class Lead(Protocol):
    """The right of one replica to act for all who share a table. It ends with the block that opened it."""

    @property
    def table(self) -> StateTable:
        """The same values. Once the lead is lost it stores nothing any more: writing raises ShutdownError."""
        ...

    @property
    def certain_s(self) -> float:
        """For how long the lead is certainly this replica's still; 0 or less where it is not certain. Nothing may be
        done outside of the table then."""
        ...

    async def lost(self) -> None:
        """Return when another replica leads, or may."""
        ...


class SharedTable(StateTable, Protocol):
    """The values of one owner that several processes see and change at the same time.

    RetryableError may also mean here that the answer was lost and the values were stored.
    """

    async def changes(self, since: int) -> TableChanges:
        """Return what has changed since a version; -1 asks for everything. Cheap where nothing has."""
        ...

    def lead(self) -> AbstractAsyncContextManager[Lead]:
        """Wait until nobody leads, and lead as long as the block runs; then another one may, at once.

        A leader that dies, or is paused, is followed within the lease.
        """
        ...


@runtime_checkable
class SharesTables(Protocol):
    """What a storage offers beside :class:`KeepsTables` that several processes share."""

    @property
    def is_shared(self) -> bool:
        """Whether it is to be shared; if not, a table is of one process at a time."""
        ...

    def open_shared_table(self, owner: str) -> AbstractAsyncContextManager[SharedTable]:
        """Open the values of one owner, the same as :meth:`KeepsTables.open_table` opens for one process.

        Raises:
            StartError: the storage is not open.
        """
        ...
