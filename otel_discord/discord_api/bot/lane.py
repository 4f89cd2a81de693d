"""The queue of one bucket: one request in flight, the others in the order of asking.

A bucket whose answers have no rate limit headers is not paced: what limits it shows in a 429 alone.
"""

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from otel_discord.discord_api.bot.routes import BotRoute
from otel_discord.discord_api.ratelimit.answer import Answer
from otel_discord.discord_api.ratelimit.rate_headers import RateHeaders, read_rate_headers
from otel_discord.discord_api.ratelimit.waiting import retry_wait_s
from otel_discord.discord_api.ratelimit.webhook_bucket import WebhookBucket

_FIRST_REPEAT_S: Final = 0.5
_LONGEST_REPEAT_S: Final = 64.0


class Standing(Enum):
    """Where a ticket is in its life."""

    WAITING = auto()
    GRANTED = auto()
    ENDED = auto()


@dataclass(slots=True, eq=False)
class BotTicket:
    """One request, from asking to the end; owned by the limiter, compared by identity."""

    route: BotRoute
    number: int
    """Order of asking over all routes."""
    deadline: float
    """Who would have to wait longer does not wait at all."""
    standing: Standing = Standing.WAITING
    refusals: int = 0
    """429s that it has met."""


class BotLane:
    """A bucket and who waits for it."""

    __slots__ = ("bucket", "in_flight", "paused_until", "route", "used_at", "waiting")

    def __init__(self, route: BotRoute, margin_s: float) -> None:
        self.route = route
        self.bucket = WebhookBucket(margin_s)
        self.waiting: deque[BotTicket] = deque()
        self.in_flight: BotTicket | None = None
        self.paused_until = -math.inf
        """After a 429 of this bucket, or of a hidden limit behind it."""
        self.used_at = -math.inf

    def held_until(self) -> float:
        """Return when the next request may go, whoever is in flight."""
        return max(self.paused_until, self.bucket.free_at)

    def foreseen_at(self, now: float) -> float:
        """Estimate when a request that is asked for now may go, after all that are there."""
        if self.bucket.limit is None:
            return self.held_until()
        ahead = len(self.waiting) + (self.in_flight is not None)
        return max(self.paused_until, self.bucket.foreseen_at(now, ahead=ahead, keeps_one=False))

    def learn(self, answer: Answer) -> None:
        """Take in an answer that is no 429."""
        headers = read_rate_headers(answer.headers)
        if headers is not None or self.bucket.limit is not None:
            self.bucket.answered(headers, answer.sent_at, answer.received_at)

    def unanswered(self, now: float) -> None:
        """A request ended without an answer; Discord may have counted it."""
        if self.bucket.limit is not None:
            self.bucket.unanswered(now)

    def refused(self, answer: Answer, until: float) -> None:
        """Take in a 429 of this bucket; with slots remaining it is a hidden limit, and says nothing of the bucket."""
        self.paused_until = max(self.paused_until, until)
        headers: RateHeaders | None = read_rate_headers(answer.headers)
        if headers is None or headers.remaining == 0:
            self.bucket.refused(headers, answer.sent_at, answer.received_at)

    def is_idle(self, now: float) -> bool:
        """Whether forgetting it loses nothing that matters."""
        held_until = max(self.held_until(), self.bucket.cautious_until)
        return self.in_flight is None and not self.waiting and held_until <= now


def repeat_wait_s(retry_after_s: float, refusals: int, dice: float) -> float:
    """Return how long to wait after a 429: as told, but longer each time that waiting as told has not helped."""
    own_s = 0.0 if refusals < 2 else min(_FIRST_REPEAT_S * 2.0 ** min(refusals - 2, 10), _LONGEST_REPEAT_S)
    return retry_wait_s(max(retry_after_s, own_s), dice)
