"""The limiter on a loop: wait for a permit, hand it back with what was seen.

All decisions are in ``ratelimit/``; here are only a clock, one timer and the futures of those who wait::

    async with limits.permit(route) as permit:
        permit.sending()
        response = await ...
        permit.seen(Answer(status=..., headers=..., limited=..., sent_at=..., received_at=...))

``sent_at`` and ``received_at`` are ``loop.time()``.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from math import inf
from typing import Final
from weakref import WeakKeyDictionary

from otel_discord.discord_api.permit import Permit
from otel_discord.discord_api.ratelimit import Answer, Limiter, LimiterSettings, RateLimitSnapshot, Ticket, Usage
from otel_discord.discord_api.routes import Route
from otel_discord.discord_api.urgency import Urgency, first_priority

_log = logging.getLogger(__name__)


_shared: Final[WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, LimiterSettings], "RateLimits"]]] = (
    WeakKeyDictionary()
)


def shared_limits(endpoint: str, settings: LimiterSettings) -> "RateLimits":
    """Return the permits that all clients of this loop share for one endpoint and pace.

    Discord counts by address and by channel, not by client: two exporters that each kept a budget of their own would
    together be over it.
    """
    of_loop = _shared.setdefault(asyncio.get_running_loop(), {})
    return of_loop.setdefault((endpoint, settings), RateLimits(Limiter(settings)))


class RateLimits:
    """Permits for all requests of one process to Discord; belongs to one event loop."""

    def __init__(self, limiter: Limiter, *, dice: Callable[[], float] = random.random) -> None:
        self.limiter: Final = limiter
        """Decides; to be polled after each change, so it is the permits' alone."""
        self._dice = dice
        self._waiters: dict[Ticket, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._invalid_level = limiter.invalid_level
        self._banned = False
        self._ban_listeners: list[Callable[[], None]] = []
        self._starved_listeners: list[Callable[[], None]] = []
        self._departure_listeners: list[Callable[[str], None]] = []

    def permit(
        self, route: Route, *, priority: int | None = None, urgency: Urgency | None = None
    ) -> AbstractAsyncContextManager[Permit]:
        """Wait until the request may be sent. The wait can last as long as a ban does, so give it a deadline.

        Requests of one route go one at a time and in order; a higher ``priority`` goes first, never around a limit.
        From 1 on it is critical and may use every slot; 0 leaves one to those; what can wait (edits -1, deletions -2)
        also leaves the next one to 0. ``urgency`` can raise it while it waits. Neither given: 0.

        Leaving without ``sending`` returns the permit untouched; leaving after it without ``seen`` counts as a request
        without an answer.
        """
        return self._permit(route, priority, urgency)

    def ready_at(self, route: Route, *, priority: int = 0) -> float:
        """Return the loop time at which a request made now would be granted as things stand; now or earlier: at once.

        An estimate, rather early, where others of the route are in flight or waiting; inf while something without
        known end (a probe after a ban) holds everything up. Asking changes nothing.
        """
        return self.limiter.ready_at(route, priority, asyncio.get_running_loop().time())

    def learn_channel(self, webhook_id: str, channel_id: str) -> None:
        """Say which channel a webhook posts to; cheap when it is known already."""
        if self.limiter.learn_channel(webhook_id, channel_id, asyncio.get_running_loop().time()):
            self._pump()

    def ban_left_s(self) -> float | None:
        """Return how long this address stays away from Discord; 0 while a probe asks, None without a ban."""
        return self.limiter.ban_left_s(asyncio.get_running_loop().time())

    def restore_ban(self, left_s: float) -> None:
        """Go on with a ban that an earlier process has met: at most an hour, then one request asks."""
        self.limiter.restore_ban(left_s, asyncio.get_running_loop().time())
        self._banned = self.limiter.is_banned
        self._pump()

    @property
    def ban_is_shared(self) -> bool:
        """Whether the ban is known from another process alone."""
        return self.limiter.ban_is_shared

    def share_ban(self, left_s: float | None) -> None:
        """Take over what another process knows of a ban of this address; 0: its time is over, None: it has ended."""
        self.limiter.share_ban(left_s, asyncio.get_running_loop().time())
        self._banned = self.limiter.is_banned
        self._pump()

    def set_rate(self, per_s: float | None, ends_at: float = inf) -> None:
        """Keep to a rate of requests until a loop time, from then on to none; None: to that of the settings."""
        self.limiter.set_rate(per_s, ends_at, asyncio.get_running_loop().time())
        self._pump()

    @contextmanager
    def departures_watched(self, listener: Callable[[str], None]) -> Iterator[None]:
        """Tell ``listener`` the webhook of every request that leaves, as long as the block runs."""
        self._departure_listeners.append(listener)
        try:
            yield
        finally:
            self._departure_listeners.remove(listener)

    def leaves(self, ticket: Ticket) -> None:
        """A granted request leaves."""
        self.limiter.leaves(asyncio.get_running_loop().time())
        for listener in self._departure_listeners:
            listener(ticket.route.webhook_id)

    def usage(self) -> Usage:
        """Return what is used of the rate, and what more could be."""
        return self.limiter.usage(asyncio.get_running_loop().time())

    def set_invalid_elsewhere(self, count: int) -> None:
        """Say how many requests of other processes Discord has refused in the last 10 minutes."""
        self.limiter.set_invalid_elsewhere(count, asyncio.get_running_loop().time())
        self._pump()

    def share_channel(self, channel_id: str, parts: int) -> None:
        """Keep to one of so many parts of a channel's budget: as many processes post there."""
        self.limiter.share_channel(channel_id, parts, asyncio.get_running_loop().time())
        self._pump()

    @contextmanager
    def starved(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call ``listener`` when as many requests wait as the rate lets go in a second, as long as the block runs."""
        self._starved_listeners.append(listener)
        try:
            yield
        finally:
            self._starved_listeners.remove(listener)

    @contextmanager
    def ban_watched(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call ``listener`` after every answer that says or ends a ban, as long as the block runs."""
        self._ban_listeners.append(listener)
        try:
            yield
        finally:
            self._ban_listeners.remove(listener)

    def memory(
        self, now_unix_s: float, *, webhook_ids: Collection[str] | None = None, unseen_s: float = 0.0
    ) -> bytes | None:
        """Return what who comes next should know: posts of the last minute, pauses; None where there is nothing.

        ``now_unix_s`` is wall time. A few kilobytes at most for each channel in use; webhook ids, no tokens. With
        ``webhook_ids`` of these alone. ``unseen_s``: for how long more may be posted before it is asked for again.
        """
        now = asyncio.get_running_loop().time()
        return self.limiter.memory(now, now_unix_s, webhook_ids=webhook_ids, unseen_s=unseen_s)

    def restore_memory(self, stored: bytes, now_unix_s: float, *, webhook_ids: Collection[str] = ()) -> bool:
        """Take over what another process has stored, before the first permit of its webhooks; True if it still matters.

        What cannot be read, or is absurd, counts as nothing; what was posted costs a minute at most, a pause an hour.
        """
        now = asyncio.get_running_loop().time()
        is_left = self.limiter.restore_memory(stored, now, now_unix_s, webhook_ids=webhook_ids)
        self._pump()
        return is_left

    def snapshot(self) -> RateLimitSnapshot:
        """What is left of each budget, who waits, what is paused: for metrics and the status page."""
        return self.limiter.snapshot(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def _permit(self, route: Route, priority: int | None, urgency: Urgency | None) -> AsyncIterator[Permit]:
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        ticket = self.limiter.request(route, first_priority(priority, urgency), asked_at)
        try:
            await self.granted(ticket, urgency)
        except BaseException:
            self.cancel(ticket)
            raise
        permit = Permit(self, ticket, urgency, loop.time() - asked_at)
        try:
            yield permit
        finally:
            permit.leave()

    async def granted(self, ticket: Ticket, urgency: Urgency | None) -> None:
        """Wait until a ticket is granted; for permits."""
        with urgency.heard(lambda raised_to: self._raise(ticket, raised_to)) if urgency else nullcontext():
            future = self._waiters[ticket] = asyncio.get_running_loop().create_future()
            try:
                self._pump()
                if not future.done():
                    await future
            finally:
                del self._waiters[ticket]

    def cancel(self, ticket: Ticket) -> None:
        """End a ticket that was not sent; for permits."""
        self.limiter.cancel(ticket, asyncio.get_running_loop().time())
        self._pump()

    def complete(self, ticket: Ticket, answer: Answer | None) -> None:
        """End a ticket that was sent; for permits."""
        self.limiter.complete(ticket, answer, asyncio.get_running_loop().time(), self._dice())
        self._pump()
        self._speak()

    def _raise(self, ticket: Ticket, priority: int) -> None:
        self.limiter.raise_priority(ticket, priority, asyncio.get_running_loop().time())
        self._pump()

    def _pump(self) -> None:
        """Wake those whose turn it is and set the one timer to the next moment at which something can change."""
        loop = asyncio.get_running_loop()
        granted, next_wake_at = self.limiter.poll(loop.time())
        for ticket in granted:
            future = self._waiters[ticket]
            if not future.done():
                future.set_result(None)
        if self._starved_listeners and (usage := self.usage()).ready >= max(1.0, usage.rate_per_s):
            for listener in self._starved_listeners:
                listener()
        if self._timer is not None:
            if self._timer.when() == next_wake_at and not self._timer.cancelled():
                return
            self._timer.cancel()
            self._timer = None
        if next_wake_at is not None:
            self._timer = loop.call_at(next_wake_at, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._pump()

    def _speak(self) -> None:
        """Log what a person should know, once for each change."""
        level = self.limiter.invalid_level
        if level is not self._invalid_level:
            self._invalid_level = level
            _log.warning("requests that Discord refused in the last 10 minutes: level is now %s", level)
        if self.limiter.is_banned or self._banned:
            for listener in self._ban_listeners:
                listener()
        if self.limiter.is_banned is not self._banned:
            self._banned = self.limiter.is_banned
            if self._banned:
                _log.error("Discord blocks this address; all requests pause, then one at a time probes")
            else:
                _log.warning("Discord answers this address again")
