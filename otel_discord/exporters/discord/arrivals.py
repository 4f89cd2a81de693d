"""News for an outbox: cards have come, it is time to end. And how long a card waits for company."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Arrivals:
    """Belongs to one outbox. Times are of the loop."""

    flush_timeout_s: float
    draining: bool = False
    """Send what is there without waiting for company, then end."""
    hurrying: int = 0
    """How many wait for all that is there to be in Discord: it is sent as at the end, and then it goes on."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting_since_s: float | None = None

    @property
    def in_haste(self) -> bool:
        """Whether nothing waits for company, nor a count for its time."""
        return self.draining or self.hurrying > 0

    def notify(self) -> None:
        """Say that cards have come."""
        if self._waiting_since_s is None:
            self._waiting_since_s = asyncio.get_running_loop().time()
        self._news.set()

    def drain(self) -> None:
        """Say that it is time to end."""
        self.draining = True
        self._news.set()

    def wake(self) -> None:
        """Say that there is something else to look at."""
        self._news.set()

    def heard(self) -> None:
        """Forget the news so far; what comes from now on is news."""
        self._news.clear()

    async def wait(self, until_s: float | None = None) -> None:
        """Wait for news, at most until then."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                await self._news.wait()

    async def wait_for_company(self, is_full: Callable[[], Awaitable[bool]]) -> None:
        """Wait until the oldest new card has waited ``flush_timeout_s``, or a message is full."""
        due_s = (self._waiting_since_s if self._waiting_since_s is not None else 0.0) + self.flush_timeout_s
        if due_s <= asyncio.get_running_loop().time():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due_s):
                while not self.in_haste:
                    self.heard()
                    if await is_full():
                        return
                    await self._news.wait()

    def taken(self, *, some_left: bool) -> None:
        """Say that a message took cards: what is left has waited long enough, what comes now starts a new window."""
        now_s = asyncio.get_running_loop().time()
        self._waiting_since_s = now_s - self.flush_timeout_s if some_left else None
