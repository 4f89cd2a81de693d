"""What lasts as long as an ``async with`` block, and is itself what the block has at hand."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self


class Lasting(ABC):
    """Open it with ``async with``."""

    _lifetime: AbstractAsyncContextManager[None] | None = None

    @abstractmethod
    def _open(self) -> AbstractAsyncContextManager[None]:
        """Return its lifetime, as an async context manager does it."""

    async def __aenter__(self) -> Self:
        """Begin."""
        self._lifetime = self._open()
        await self._lifetime.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        assert self._lifetime is not None  # noqa: S101 - it was entered
        await self._lifetime.__aexit__(kind, error, trace)
