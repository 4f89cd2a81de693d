"""What was posted lately and which limits pause, remembered over a restart: a new process does not post into a limit
that the last one has just used up.

Written now and then: after a kill, the posts of the last few seconds are not known, which costs at most one 429.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from otel_discord.component import RetryableError
from otel_discord.discord_api.permits import RateLimits
from otel_discord.exporters.discord.lane import Lane

EVERY_S: Final = 5.0


@dataclass(slots=True, kw_only=True)
class PaceMemory:
    """Of one exporter; the limits are the whole process's. ``state`` is where they are stored."""

    limits: RateLimits
    endpoint: str
    state: Lane
    wall_clock: Callable[[], float]
    _stored: bytes | None = None

    @property
    def key(self) -> str:
        """Where it is stored; another endpoint has other limits."""
        return f"pace/{blake2b(self.endpoint.encode(), digest_size=8).hexdigest()}"

    async def restore(self) -> None:
        """Go on where an earlier process ended; call it before the first permit."""
        self._stored = await self.state.get_state(self.key)
        if self._stored is not None:
            self.limits.restore_memory(self._stored, self.wall_clock())

    async def run(self) -> None:
        """Store what is known every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self._store(self.state.set_state)

    async def end(self) -> None:
        """Store what is known at the end, if the storage takes it."""
        with suppress(RetryableError):
            await self._store(self.state.queue.set_state)

    async def _store(self, set_state: Callable[[str, bytes | None], Awaitable[None]]) -> None:
        now = self.limits.memory(self.wall_clock())
        if now != self._stored:
            self._stored = now
            await set_state(self.key, now)
