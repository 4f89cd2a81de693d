"""What was posted lately and which limits pause, remembered over a restart: a new process does not post into a limit
that the last one has just used up.

Written within a second of what was sent: after a kill, who comes next counts as posted what can have been since.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from otel_discord.component import RetryableError
from otel_discord.discord_api.permits import RateLimits
from otel_discord.exporters.discord.lane import Lane

EVERY_S: Final = 1.0
"""Between two writings; larger ones are written less often."""
_LONGEST_S: Final = 5.0
_BYTES_PER_S: Final = 16 * 1024
_SLACK_S: Final = 0.75
"""A writing, and a message that goes out with it, may be that late."""
_FORGOTTEN_S: Final = 60.0
"""What is stored may matter no more after it."""


@dataclass(slots=True, kw_only=True)
class PaceMemory:
    """Of one exporter; the limits are the whole process's. ``state`` is where they are stored."""

    limits: RateLimits
    endpoint: str
    state: Lane
    wall_clock: Callable[[], float]
    webhook_ids: Callable[[], Collection[str]]
    """Those that the exporter sends to."""
    _stored: bytes | None = None

    @property
    def key(self) -> str:
        """Where it is stored; another endpoint has other limits."""
        return f"pace/{blake2b(self.endpoint.encode(), digest_size=8).hexdigest()}"

    async def restore(self) -> None:
        """Go on where an earlier process ended; call it before the first permit."""
        self._stored = await self.state.get_state(self.key)
        if self._stored is not None:
            self.limits.restore_memory(self._stored, self.wall_clock(), webhook_ids=self.webhook_ids())

    async def run(self) -> None:
        """Store what is known when something is sent, until cancelled."""
        news = asyncio.Event()
        news.set()  # what was stored by an earlier process is of the past

        def heard(webhook_id: str) -> None:
            if not news.is_set() and webhook_id in self.webhook_ids():
                news.set()

        with self.limits.departures_watched(heard):
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if self._stored is None else _FORGOTTEN_S):
                        await news.wait()
                news.clear()
                every_s = min(_LONGEST_S, max(EVERY_S, len(self._stored or b"") / _BYTES_PER_S))
                await self._store(self._known(every_s + _SLACK_S), self.state.set_state)
                await asyncio.sleep(every_s)

    async def end(self) -> None:
        """Store what is known at the end, if the storage takes it."""
        with suppress(RetryableError):
            await self._store(self._known(0.0), self.state.queue.set_state)

    def _known(self, unseen_s: float) -> bytes | None:
        return self.limits.memory(self.wall_clock(), webhook_ids=self.webhook_ids(), unseen_s=unseen_s)

    async def _store(self, known: bytes | None, set_state: Callable[[str, bytes | None], Awaitable[None]]) -> None:
        if known != self._stored:
            self._stored = known
            await set_state(self.key, known)
