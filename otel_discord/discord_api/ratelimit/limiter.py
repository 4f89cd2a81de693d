"""The limiter: who may send now, and when to look again.

A state machine without clock, loop or dice: times come in as arguments and never go back. A request passes when every
layer lets it: host breaker, invalid-request guard, global budget, channel budget, bucket. Nothing is taken from any
layer before all agree, so nothing can be held half way. A route that must wait stands aside (on a timer, or parked at
its channel) and never blocks another.
"""

import math
from collections.abc import Collection
from typing import NamedTuple

from otel_discord.discord_api.ratelimit.answer import Answer
from otel_discord.discord_api.ratelimit.channels import Channels
from otel_discord.discord_api.ratelimit.departures import STALE_S, TICK_S, Departures
from otel_discord.discord_api.ratelimit.forecast import ready_at
from otel_discord.discord_api.ratelimit.global_budget import GlobalBudget, burst_of, shared_burst_of
from otel_discord.discord_api.ratelimit.host_breaker import HostBreaker
from otel_discord.discord_api.ratelimit.invalid_guard import InvalidGuard, InvalidLevel
from otel_discord.discord_api.ratelimit.joining import join_channel
from otel_discord.discord_api.ratelimit.lane import Lane
from otel_discord.discord_api.ratelimit.lanes import Lanes
from otel_discord.discord_api.ratelimit.layers import Layers
from otel_discord.discord_api.ratelimit.lessons import learn
from otel_discord.discord_api.ratelimit.memory import read_past, write_past
from otel_discord.discord_api.ratelimit.recalling import recall
from otel_discord.discord_api.ratelimit.reserve import CRITICAL
from otel_discord.discord_api.ratelimit.settings import LimiterSettings
from otel_discord.discord_api.ratelimit.snapshot import RateLimitSnapshot
from otel_discord.discord_api.ratelimit.ticket import Ticket, TicketState
from otel_discord.discord_api.routes import Operation, Route


class Poll(NamedTuple):
    """Tickets that may be sent now, in this order, and when to poll again if nothing happens before (None: never)."""

    granted: list[Ticket]
    next_wake_at: float | None


class Usage(NamedTuple):
    """How the rate is used."""

    rate_per_s: float
    """What may go now; 0 where the rate has ended."""
    left: int
    """Requests that have gone, ever."""
    ready: int
    """Routes that wait for nothing but the limits of all together."""
    invalid: int
    """Answers of the last 10 minutes that count towards Discord's ban."""


class Limiter:
    """All limits of one process. Each ticket is requested, granted by a poll, and completed or cancelled."""

    def __init__(self, settings: LimiterSettings | None = None) -> None:
        self._settings = settings or LimiterSettings()
        self._host = HostBreaker()
        self._guard = InvalidGuard()
        self._global = GlobalBudget(self._settings.requests_per_second)
        self._channels = Channels(self._settings)
        self._departures = Departures(self._settings.requests_per_second)
        self._layers = Layers(self._host, self._guard, self._global, self._channels)
        self._lanes = Lanes(self._settings)
        self._tickets = 0
        self._left = 0
        self._invalid_level = InvalidLevel.FINE

    def request(self, route: Route, priority: int, now: float) -> Ticket:
        """Queue a request; higher priority first, then in the order of asking."""
        self._lanes.sweep(now)
        lane = self._lanes.of(route, now)
        self._tickets += 1
        ticket = Ticket(route, priority, self._tickets, now)
        lane.waiting.put(ticket.rank, ticket)
        self._lanes.place(lane, now)
        return ticket

    def raise_priority(self, ticket: Ticket, priority: int, now: float) -> None:
        """Let one who waits go before others, and into the reserve; poll afterwards. Without effect for the others."""
        if ticket.state is not TicketState.WAITING or priority <= ticket.priority:
            return
        lane = self._lanes[ticket.route]
        ticket.priority = priority
        lane.waiting.put(ticket.rank, ticket)
        self._lanes.place(lane, now)

    def ready_at(self, route: Route, priority: int, now: float) -> float:
        """Return when a request would be granted that is made now, as things stand; see :func:`forecast.ready_at`."""
        return ready_at(self._layers, self._lanes.get(route), self._lanes.ready, route, priority, now)

    def poll(self, now: float) -> Poll:
        """Grant what may go now."""
        self._lanes.wake(now)
        granted: list[Ticket] = []
        next_wake_at = math.inf
        while (head := self._lanes.ready.peek()) is not None:
            together_at = self._global.allowed_at(now, critical=-head[0][0] >= CRITICAL)
            shared_at = max(self._host.allowed_at(), self._guard.allowed_at(now), together_at)
            if shared_at > now:
                next_wake_at = shared_at
                break
            lane = self._lanes.ready.pop()
            ticket = self._grant(lane, now)
            if ticket is not None:
                granted.append(ticket)
        timer = self._lanes.timers.peek()
        if timer is not None:
            next_wake_at = min(next_wake_at, timer[0])
        return Poll(granted, next_wake_at if next_wake_at < math.inf else None)

    def cancel(self, ticket: Ticket, now: float) -> None:
        """End a ticket that was not sent, waiting or granted; everything it took is given back."""
        if ticket.state is TicketState.ENDED:
            return
        lane = self._lanes[ticket.route]
        if ticket.state is TicketState.WAITING:
            lane.waiting.discard(ticket)
        else:
            self._host.returned(ticket)
            self._guard.returned()
            self._global.returned(ticket)
            lane.in_flight = None
            if ticket.channel is not None:
                ticket.channel.returned(ticket, now)
                self._lanes.set_channel_timer(ticket.channel, now)
        ticket.state = TicketState.ENDED
        self._lanes.place(lane, now)

    def leaves_at(self, ticket: Ticket, now: float) -> float | None:
        """Return when a granted request may leave; None where it may not any more: it is to be asked for again."""
        stale_at = ticket.granted_at + STALE_S
        is_stale = now + TICK_S >= stale_at or (ticket.channel is not None and ticket.channel.paused_for_s(now) > 0)
        if is_stale or not self._host.lets_leave(ticket) or not self._global.lets_leave(now):
            return None
        return min(self._departures.leaves_at(), stale_at)

    def leaves(self, now: float) -> None:
        """A granted request leaves."""
        self._departures.left(now)
        self._left += 1

    def request_again(self, ticket: Ticket, priority: int, now: float) -> Ticket:
        """Give a granted request back and queue it again, before those that asked later; poll afterwards."""
        self.cancel(ticket, now)
        again = Ticket(ticket.route, priority, ticket.number, ticket.requested_at)
        lane = self._lanes.of(again.route, now)
        lane.waiting.put(again.rank, again)
        self._lanes.place(lane, now)
        return again

    def complete(self, ticket: Ticket, answer: Answer | None, now: float, dice: float) -> None:
        """End a ticket that was sent, with its answer, or None where none came. ``dice`` is from 0 to 1.

        Raises:
            ValueError: the ticket is not out.
        """
        if ticket.state is not TicketState.GRANTED:
            raise ValueError("only a granted ticket can be completed")
        ticket.state = TicketState.ENDED
        lane = self._lanes[ticket.route]
        lane.in_flight = None
        self._guard.returned()
        self._global.ended(ticket)
        if ticket.channel is not None:
            ticket.channel.ended(now)
        if answer is None:
            self._host.unanswered(ticket, now)
            lane.bucket.unanswered(now)
        else:
            self._guard.answered(answer, now)
            learn(self._layers, lane, ticket, answer, now, dice)
        self._invalid_level = self._guard.level(now)
        channel = self._channels.of(ticket.route.webhook_id, now)
        self._lanes.set_channel_timer(channel, now)
        if ticket.channel is not None and ticket.channel is not channel:
            self._lanes.set_channel_timer(ticket.channel, now)
        self._lanes.place(lane, now)

    def learn_channel(self, webhook_id: str, channel_id: str, now: float) -> bool:
        """Put a webhook into its channel's budget; return False when it was there already."""
        return join_channel(self._layers, self._lanes, webhook_id, channel_id, now)

    @property
    def invalid_level(self) -> InvalidLevel:
        """How near the ban for invalid requests is, as of the latest answer."""
        return self._invalid_level

    @property
    def is_banned(self) -> bool:
        """Whether Discord blocks this address, as far as known."""
        return self._host.is_banned

    def ban_left_s(self, now: float) -> float | None:
        """Return how long this address stays away; 0 while a probe asks, None without a ban."""
        return self._host.left_s(now)

    def restore_ban(self, left_s: float, now: float) -> None:
        """Take over a ban that an earlier process has met: at most an hour, then a probe."""
        self._host.restored(left_s, now)

    @property
    def ban_is_shared(self) -> bool:
        """Whether the ban is known from another process alone."""
        return self._host.is_shared

    def share_ban(self, left_s: float | None, now: float) -> None:
        """Take over what another process knows of a ban; poll afterwards. See :meth:`HostBreaker.shared`."""
        if left_s is None:
            self._host.share_ended()
        else:
            self._host.shared(left_s, now)

    def set_rate(self, per_s: float | None, ends_at: float, now: float) -> None:
        """Go on at another rate until a time, then at none; None: at the rate of the settings. Poll afterwards."""
        if per_s is None:
            per_s, ends_at = self._settings.requests_per_second, math.inf
            burst = burst_of(per_s)
        else:
            burst = shared_burst_of(per_s)
        self._global.set_rate(per_s, burst, ends_at, now)
        if per_s > 0:
            self._departures.set_rate(per_s, burst, now)

    def usage(self, now: float) -> Usage:
        """Return what is used of the rate, and what more could be."""
        return Usage(self._global.rate(now), self._left, len(self._lanes.ready), self._guard.own_count(now))

    def set_invalid_elsewhere(self, count: int, now: float) -> None:
        """Say how many requests of other processes Discord has refused in the last 10 minutes; poll afterwards."""
        self._guard.set_elsewhere(count)
        self._invalid_level = self._guard.level(now)

    def share_channel(self, channel_id: str, parts: int, now: float) -> None:
        """Keep to a part of a channel's budget, as many others use it as well; poll afterwards."""
        budget = self._channels.share(channel_id, parts)
        if budget is not None:
            self._lanes.unpark_all(budget, now)
            self._lanes.set_channel_timer(budget, now)

    def memory(
        self, now: float, now_unix_s: float, *, webhook_ids: Collection[str] | None = None, unseen_s: float = 0.0
    ) -> bytes | None:
        """Return what who comes next should know of the last minute and of pauses; see :func:`memory.write_past`."""
        lanes = self._lanes.all()
        return write_past(self._layers, lanes, now, now_unix_s, webhook_ids=webhook_ids, unseen_s=unseen_s)

    def restore_memory(
        self, stored: bytes, now: float, now_unix_s: float, *, webhook_ids: Collection[str] = ()
    ) -> bool:
        """Take over what another process has stored, before the first request of its webhooks; poll afterwards.

        What it may have posted after it has stored it is counted too, also of the other ``webhook_ids`` that were its.
        Return whether there was anything left in it. What this process has learnt itself comes first.
        """
        past = read_past(stored, now_unix_s)
        if past is None:
            return False
        recall(self._layers, self._lanes, past, webhook_ids, now)
        return True

    def snapshot(self, now: float) -> RateLimitSnapshot:
        """Return the state of every layer; cost grows with the number of routes."""
        return RateLimitSnapshot.of(self._layers, list(self._lanes.all()), now)

    def _grant(self, lane: Lane, now: float) -> Ticket | None:
        """Take what the request needs from every layer; or park the lane at its channel and return None."""
        operation = lane.route.operation
        channel = self._channels.of(lane.route.webhook_id, now) if operation.writes else None
        creates = operation is Operation.EXECUTE
        ticket = lane.waiting.first()
        if channel is not None and channel.allowed_at(now, creates=creates, priority=ticket.priority) > now:
            channel.park(lane, creates=creates, priority=ticket.priority)
            self._lanes.set_channel_timer(channel, now)
            return None
        lane.waiting.discard(ticket)
        ticket.state = TicketState.GRANTED
        ticket.granted_at = now
        lane.in_flight = ticket
        self._host.granted(ticket)
        self._guard.granted(now)
        self._global.granted(ticket, now)
        if channel is not None and creates:
            ticket.channel = channel
            channel.granted(ticket, now)
        return ticket
