"""When a bot's requests may go: pure decisions, times come in as arguments and never go back.

A request goes when the host's breaker, the guard against invalid requests, the global budget and its own bucket let it;
nothing is taken from any of them before all agree. Within a bucket the order is that of asking and one is in flight;
buckets do not wait for each other. Whoever is known to wait beyond its deadline is turned away at once.
"""

import math
from collections import OrderedDict
from typing import Final, NamedTuple

from otel_discord.discord_api.bot.lane import BotLane, BotTicket, Standing, repeat_wait_s
from otel_discord.discord_api.bot.routes import BotRoute
from otel_discord.discord_api.outcome_types import Scope
from otel_discord.discord_api.ratelimit.answer import Answer
from otel_discord.discord_api.ratelimit.global_budget import GlobalBudget
from otel_discord.discord_api.ratelimit.host_breaker import HostBreaker
from otel_discord.discord_api.ratelimit.invalid_guard import InvalidGuard

REQUESTS_PER_SECOND: Final = 45.0
"""All requests of one bot; Discord allows 50."""

_MARGIN_S: Final = 0.025
_IDLE_S: Final = 3600.0
_SWEPT_AT_ONCE: Final = 4
_LEAST_WAIT_S: Final = 1.0
"""What one is told to wait who waited in vain, where nothing else is known."""


class TurnedAway(NamedTuple):
    """A ticket that would have to wait beyond its deadline, and how long."""

    ticket: BotTicket
    retry_after_s: float


class BotPoll(NamedTuple):
    """Who goes now, in this order; who is turned away; and when to poll again if nothing happens before."""

    granted: list[BotTicket]
    turned_away: list[TurnedAway]
    next_wake_at: float | None


class BotLimiter:
    """All limits of one bot. Each ticket is requested, granted or turned away by a poll, and completed or cancelled."""

    def __init__(self, *, requests_per_second: float = REQUESTS_PER_SECOND, margin_s: float = _MARGIN_S) -> None:
        self._margin_s = margin_s
        self._host = HostBreaker()
        self._guard = InvalidGuard()
        self._together = GlobalBudget(requests_per_second)
        self._lanes: OrderedDict[BotRoute, BotLane] = OrderedDict()
        self._busy: dict[BotRoute, BotLane] = {}
        """Lanes in which somebody waits."""
        self._tickets = 0

    def foreseen_at(self, route: BotRoute, now: float) -> float:
        """Estimate when a request that is asked for now may go; now or earlier: at once."""
        lane = self._lanes.get(route)
        return max(self._held_until(now), lane.foreseen_at(now) if lane is not None else -math.inf)

    def request(self, route: BotRoute, deadline: float, now: float) -> BotTicket:
        """Queue a request; poll afterwards."""
        self._sweep(now)
        lane = self._lanes.get(route)
        if lane is None:
            lane = self._lanes[route] = BotLane(route, self._margin_s)
        lane.used_at = now
        self._lanes.move_to_end(route)
        self._tickets += 1
        ticket = BotTicket(route, self._tickets, deadline)
        lane.waiting.append(ticket)
        self._busy[route] = lane
        return ticket

    def poll(self, now: float) -> BotPoll:
        """Grant what may go now, turn away who would wait too long."""
        turned_away = [away for lane in list(self._busy.values()) for away in self._turn_away(lane, now)]
        ready = [lane for lane in self._busy.values() if lane.in_flight is None and lane.held_until() <= now]
        granted: list[BotTicket] = []
        wake_at = math.inf
        for lane in sorted(ready, key=lambda lane: lane.waiting[0].number):
            allowed_at = max(self._host.allowed_at(), self._guard.allowed_at(now), self._together.allowed_at(now))
            if allowed_at > now:
                wake_at = allowed_at
                break
            granted.append(self._grant(lane, now))
        for lane in self._busy.values():
            if lane.in_flight is None and lane.held_until() > now:
                wake_at = min(wake_at, lane.held_until())
            wake_at = min(wake_at, *(ticket.deadline for ticket in lane.waiting))
        return BotPoll(granted, turned_away, wake_at if wake_at < math.inf else None)

    def cancel(self, ticket: BotTicket, now: float) -> None:
        """End a ticket that was not sent, waiting or granted; what it took is given back. ``now`` for symmetry."""
        if ticket.standing is Standing.ENDED:
            return
        lane = self._lanes[ticket.route]
        if ticket.standing is Standing.WAITING:
            self._leave(lane, ticket)
        else:
            lane.in_flight = None
            lane.used_at = now
            self._host.returned(ticket)
            self._guard.returned()
            self._together.returned(ticket)
        ticket.standing = Standing.ENDED

    def complete(self, ticket: BotTicket, answer: Answer | None, now: float, dice: float) -> None:
        """End a ticket that was sent, with its answer, or None where none came; ``dice`` is from 0 to 1.

        After a 429 it is the first of its lane again; whether it can still wait, the next poll says.

        Raises:
            ValueError: the ticket is not out.
        """
        if ticket.standing is not Standing.GRANTED:
            raise ValueError("only a granted ticket can be completed")
        ticket.standing = Standing.ENDED
        lane = self._lanes[ticket.route]
        lane.in_flight = None
        lane.used_at = now
        self._guard.returned()
        self._together.ended(ticket)
        if answer is None:
            self._host.unanswered(ticket, now)
            lane.unanswered(now)
            return
        self._guard.answered(answer, now)
        if answer.limited is None:
            self._host.answered(ticket)
            lane.learn(answer)
            return
        self._limited(lane, ticket, answer, now, dice)
        ticket.standing = Standing.WAITING
        lane.waiting.appendleft(ticket)
        self._busy[ticket.route] = lane

    @property
    def lanes(self) -> int:
        """How many buckets are remembered."""
        return len(self._lanes)

    def ban_left_s(self, now: float) -> float | None:
        """Return how long this address stays away; 0 while a probe asks, None without a ban."""
        return self._host.left_s(now)

    def _limited(self, lane: BotLane, ticket: BotTicket, answer: Answer, now: float, dice: float) -> None:
        limited = answer.limited
        if limited is None:
            return
        ticket.refusals += 1
        if limited.scope is Scope.HOST:
            self._host.banned(ticket, limited.retry_after_s, now, dice)
            return
        self._host.answered(ticket)
        until = now + repeat_wait_s(limited.retry_after_s, ticket.refusals, dice)
        if limited.scope is Scope.GLOBAL:
            self._together.pause(until)
        else:
            lane.refused(answer, until)

    def _grant(self, lane: BotLane, now: float) -> BotTicket:
        ticket = lane.waiting[0]
        self._leave(lane, ticket)
        ticket.standing = Standing.GRANTED
        lane.in_flight = ticket
        self._host.granted(ticket)
        self._guard.granted(now)
        self._together.granted(ticket, now)
        return ticket

    def _leave(self, lane: BotLane, ticket: BotTicket) -> None:
        lane.waiting.remove(ticket)
        if not lane.waiting:
            self._busy.pop(lane.route, None)

    def _turn_away(self, lane: BotLane, now: float) -> list[TurnedAway]:
        held_until = max(self._held_until(now), lane.held_until())
        away = [ticket for ticket in lane.waiting if ticket.deadline <= now or ticket.deadline < held_until]
        wait_s = max(held_until - now, _LEAST_WAIT_S) if held_until > now else 0.0
        turned: list[TurnedAway] = []
        for ticket in away:
            self._leave(lane, ticket)
            ticket.standing = Standing.ENDED
            turned.append(TurnedAway(ticket, wait_s or max(lane.foreseen_at(now) - now, _LEAST_WAIT_S)))
        return turned

    def _held_until(self, now: float) -> float:
        """Return how long nothing at all may go, as far as that is known."""
        known = (self._host.allowed_at(), self._guard.allowed_at(now), self._together.allowed_at(now))
        return max((at for at in known if at < math.inf), default=-math.inf)

    def _sweep(self, now: float) -> None:
        for _ in range(_SWEPT_AT_ONCE):
            if not self._lanes:
                return
            route, lane = next(iter(self._lanes.items()))
            if lane.used_at > now - _IDLE_S:
                return
            if lane.is_idle(now):
                del self._lanes[route]
            else:
                self._lanes.move_to_end(route)
