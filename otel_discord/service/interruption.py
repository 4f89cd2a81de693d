"""A command that ends in order when SIGINT or SIGTERM comes: what it has begun is not cut off."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

_NUMBERS: Final = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """The first signal ends a block, and what surrounds it comes to its own end; the second does as ever."""

    def __init__(self) -> None:
        self.has_ended_it = False
        """Whether the block was ended by a signal."""
        self._came = False
        self._block: asyncio.Timeout | None = None

    @contextmanager
    def listened_for(self) -> Iterator[None]:
        """Listen while the block runs; in another thread than the main one no signal is heard."""
        loop = asyncio.get_running_loop()
        with suppress(ValueError, RuntimeError):
            for number in _NUMBERS:
                loop.add_signal_handler(number, self._on_signal)
        try:
            yield
        finally:
            self._stop_listening()

    @asynccontextmanager
    async def ends(self) -> AsyncIterator[None]:
        """End the block when a signal comes, or has come; nothing is raised then."""
        try:
            async with asyncio.timeout(0 if self._came else None) as self._block:
                yield
        except TimeoutError:
            if not self._came:
                raise
            self.has_ended_it = True
        finally:
            self._block = None

    def _on_signal(self) -> None:
        self._came = True
        self._stop_listening()
        if self._block is not None:
            self._block.reschedule(asyncio.get_running_loop().time())

    def _stop_listening(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _NUMBERS:
            loop.remove_signal_handler(number)
