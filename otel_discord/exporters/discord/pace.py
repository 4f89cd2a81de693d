"""Lets in no more than routing keeps up with, so that what is accepted is soon looked at.

A full queue would let minutes of a storm wait before their first look; a client that waits a moment for its answer
slows down by itself and loses nothing.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

MAX_UNROUTED_RECORDS: Final = 10_000
"""About a third of a second's work."""
LONGEST_PAUSE_S: Final = 1.0
"""Routing may stand still (a full disk): then the queue's own bounds decide."""


@dataclass(slots=True)
class Pace:
    """Of one exporter."""

    _unrouted: int = 0
    _room: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Return when routing has caught up, or after a moment."""
        if self._unrouted < MAX_UNROUTED_RECORDS:
            return
        self._room.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_PAUSE_S):
                await self._room.wait()

    def accepted(self, records: int) -> None:
        """Count records that wait to be routed."""
        self._unrouted += records

    def routed(self, records: int) -> None:
        """Count records that were; those that an earlier run has accepted were never counted in."""
        self._unrouted = max(0, self._unrouted - records)
        if self._unrouted < MAX_UNROUTED_RECORDS:
            self._room.set()
