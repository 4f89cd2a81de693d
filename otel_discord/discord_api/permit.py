"""The right to send one request on one route, from the moment in which the limiter has granted it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from otel_discord.discord_api.ratelimit import Answer, Ticket
from otel_discord.discord_api.ratelimit.departures import TICK_S
from otel_discord.discord_api.urgency import Urgency, first_priority

if TYPE_CHECKING:
    from otel_discord.discord_api.permits import RateLimits


class Permit:
    """The right to send one request on one route; made by :meth:`permits.RateLimits.permit`."""

    __slots__ = ("_limits", "_seen", "_sent", "_ticket", "_urgency", "waited_s")

    def __init__(self, limits: RateLimits, ticket: Ticket, urgency: Urgency | None, waited_s: float) -> None:
        self.waited_s = waited_s
        """How long it took to be granted."""
        self._limits = limits
        self._ticket = ticket
        self._urgency = urgency
        self._sent = False
        self._seen = False

    async def ready(self) -> None:
        """Wait until the request may leave, mostly not at all.

        Who has held the permit for longer than a moment waits for it anew, in the same place: what was granted then is
        not allowed now. That can last as long as the first wait.
        """
        limits, loop = self._limits, asyncio.get_running_loop()
        while not self._sent:
            leaves_at = limits.limiter.leaves_at(self._ticket, loop.time())
            if leaves_at is None:
                priority = first_priority(self._ticket.priority, self._urgency)
                self._ticket = limits.limiter.request_again(self._ticket, priority, loop.time())
                await limits.granted(self._ticket, self._urgency)
            elif leaves_at <= loop.time() + TICK_S:
                return
            else:
                await asyncio.sleep(leaves_at - loop.time())

    def sending(self) -> None:
        """Say that the request goes out now: from here on Discord may count it, answered or not."""
        if not self._sent:
            self._limits.leaves(self._ticket)
        self._sent = True

    def seen(self, answer: Answer) -> None:
        """Report the response, exactly once; the next request of the route may go at once.

        Raises:
            RuntimeError: a response was reported already.
        """
        if self._seen:
            raise RuntimeError("a permit takes one answer")
        self._sent = self._seen = True
        self._limits.complete(self._ticket, answer)

    def leave(self) -> None:
        """End it: unsent it goes back, unanswered it counts as such."""
        if not self._sent:
            self._limits.cancel(self._ticket)
        elif not self._seen:
            self._limits.complete(self._ticket, None)
