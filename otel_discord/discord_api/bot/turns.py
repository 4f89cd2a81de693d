"""The bot's limiter on a loop: wait for a turn, make the attempt, and after a 429 wait and make it again.

All decisions are in ``limiter.py``; here are only a clock, one timer, and the futures of those who wait.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from otel_discord.discord_api.bot.lane import BotTicket
from otel_discord.discord_api.bot.limiter import BotLimiter
from otel_discord.discord_api.bot.routes import BotRoute
from otel_discord.discord_api.ratelimit.answer import Answer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Attempt(Generic[T]):
    """One request that went out: what it came to, and what the limiter hears of it (None: no answer)."""

    result: T
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """It would take longer than the caller waits; ``last`` is the 429 that it met, if it was sent at all."""

    retry_after_s: float
    last: T | None = None


class Turns:
    """Turns for all requests of one bot; belongs to one event loop."""

    def __init__(self, limiter: BotLimiter, *, dice: Callable[[], float] = random.random) -> None:
        self._limiter = limiter
        self._dice = dice
        self._waiters: dict[BotTicket, asyncio.Future[float | None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def take(
        self, route: BotRoute, attempt: Callable[[], Awaitable[Attempt[T]]], *, patience_s: float
    ) -> Attempt[T] | Held[T]:
        """Wait for a turn and return what the attempt came to; 429s are waited for and repeated.

        ``Held`` at once where it is known that this takes more than ``patience_s`` in all.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + patience_s
        foreseen_at = self._limiter.foreseen_at(route, loop.time())
        if foreseen_at > deadline:
            return Held(foreseen_at - loop.time())
        ticket = self._limiter.request(route, deadline, loop.time())
        last: T | None = None
        is_out = False
        try:
            while True:
                held_s = await self._granted(ticket)
                if held_s is not None:
                    return Held(held_s, last)
                is_out = True
                made = await attempt()
                is_out = False
                self._limiter.complete(ticket, made.answer, loop.time(), self._dice())
                if made.answer is None or made.answer.limited is None:
                    return made
                last = made.result
        finally:
            if is_out:
                self._limiter.complete(ticket, None, loop.time(), self._dice())
            self._limiter.cancel(ticket, loop.time())
            self._pump()

    def ban_left_s(self) -> float | None:
        """Return how long this address stays away from Discord; 0 while a probe asks, None without a ban."""
        return self._limiter.ban_left_s(asyncio.get_running_loop().time())

    async def _granted(self, ticket: BotTicket) -> float | None:
        """Return None when it is the ticket's turn, or how long it would have to wait: it is turned away."""
        future: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()
        self._waiters[ticket] = future
        try:
            self._pump()
            return await future
        finally:
            del self._waiters[ticket]

    def _pump(self) -> None:
        """Wake those whose turn it is, and set the one timer to when something can change by itself."""
        loop = asyncio.get_running_loop()
        granted, turned_away, next_wake_at = self._limiter.poll(loop.time())
        for ticket in granted:
            self._tell(ticket, None)
        for ticket, retry_after_s in turned_away:
            self._tell(ticket, retry_after_s)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if next_wake_at is not None:
            self._timer = loop.call_at(next_wake_at, self._wake)

    def _tell(self, ticket: BotTicket, retry_after_s: float | None) -> None:
        future = self._waiters[ticket]
        if not future.done():
            future.set_result(retry_after_s)

    def _wake(self) -> None:
        self._timer = None
        self._pump()
