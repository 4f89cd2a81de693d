"""A ban of this address, remembered over a restart: a new process does not begin by asking for a longer one.

What is stored is wall time, with the length beside it: a clock that was set back cannot make the wait longer than it
was, and no wait is longer than an hour.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from otel_discord.discord_api.permits import RateLimits
from otel_discord.discord_api.ratelimit.host_breaker import LONGEST_PAUSE_S
from otel_discord.exporters.discord.lane import Lane

KEY: Final = "host_ban"


def stored_ban(endpoint: str, left_s: float, now_unix_s: float) -> bytes:
    """Return a ban as it is stored."""
    for_s = min(left_s, LONGEST_PAUSE_S)
    return json.dumps({"endpoint": endpoint, "until_unix_s": now_unix_s + for_s, "for_s": for_s}).encode()


def ban_left_s(stored: bytes | None, endpoint: str, now_unix_s: float) -> float | None:
    """Return how much of a stored ban is left; 0 where its time is over but nobody has asked yet, None for no ban."""
    if stored is None:
        return None
    try:
        read = json.loads(stored)
        until_s, for_s = float(read["until_unix_s"]), float(read["for_s"])
        is_ours = read["endpoint"] == endpoint
    except (ValueError, KeyError, TypeError):
        return None
    return max(0.0, min(until_s - now_unix_s, for_s, LONGEST_PAUSE_S)) if is_ours else None


@dataclass(slots=True, kw_only=True)
class BanMemory:
    """Of one exporter; the ban is the whole process's. ``state`` is where it is stored."""

    limits: RateLimits
    endpoint: str
    state: Lane
    wall_clock: Callable[[], float]
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def restore(self) -> None:
        """Go on where an earlier process ended."""
        left_s = ban_left_s(await self.state.get_state(KEY), self.endpoint, self.wall_clock())
        if left_s is not None:
            self.limits.restore_ban(left_s)
            self.state.logger.warning(
                "Discord blocked this address before this start; nothing is sent until it is over",
                extra={"left_s": round(left_s, 1)},
            )

    async def run(self) -> None:
        """Store what is learnt, until cancelled."""
        with self.limits.ban_watched(self._news.set):
            while True:
                await self._news.wait()
                self._news.clear()
                left_s = self.limits.ban_left_s()
                value = None if left_s is None else stored_ban(self.endpoint, left_s, self.wall_clock())
                await self.state.set_state(KEY, value)
