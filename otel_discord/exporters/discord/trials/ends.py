"""Whether earlier lives of an exporter ended as they should: what it keeps in its state for that.

While it works the state says how often in a row it had ended in no order before, and in which process it works; an end
in good order takes that away, and so does a life of some length. What began twice in one process has not ended it: its
storage was away. Where the storage refuses, nothing waits for that: a count is less.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from otel_discord.component import RetryableError, ShutdownError, WorkQueue

KEY: Final = "ends"
TOO_OFTEN: Final = 3
"""So often in a row, and what waits is tried before it is handled."""
CALM_S: Final = 600.0
"""A life as long as that has outlived whatever was there when it began."""
_STORED_S: Final = 5.0


def after(stored: bytes | None, process: str) -> int:
    """Return how often in a row a process of it has ended in no order, by what the last life has left. Pure."""
    if stored is None:
        return 0
    count, _, earlier = stored.decode("ascii", "replace").partition(" ")
    try:
        return int(count) + (earlier != process)
    except ValueError:
        return 1


@dataclass(slots=True)
class Ends:
    """Of one exporter and its queue, which has its state; ``process`` is no other one's name."""

    queue: WorkQueue
    process: str
    in_a_row: int = 0

    async def begin(self) -> None:
        """Read how the last life has ended, and note that one begins."""
        with suppress(RetryableError, ShutdownError):
            self.in_a_row = after(await self.queue.get_state(KEY), self.process)
        await self._note()

    async def calm(self) -> None:
        """Note that all is well."""
        self.in_a_row = 0
        await self._note()

    async def end(self) -> None:
        """Note an end in good order."""
        await self._store(None)

    async def _note(self) -> None:
        await self._store(f"{self.in_a_row} {self.process}".encode())

    async def _store(self, value: bytes | None) -> None:
        with suppress(RetryableError, ShutdownError, TimeoutError):
            async with asyncio.timeout(_STORED_S):
                await self.queue.set_state(KEY, value)
