"""What a storage keeps beside queues: small values by key, for components that remember things of their own.

A component that finds a storage without it, or has none configured, keeps them in memory (``store.memory_table``).
"""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
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
