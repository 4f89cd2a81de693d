"""The queue of one route: one request in flight, the others in order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from otel_discord.discord_api.ratelimit.agenda import Agenda
from otel_discord.discord_api.ratelimit.reserve import CRITICAL
from otel_discord.discord_api.ratelimit.ticket import Ticket
from otel_discord.discord_api.ratelimit.webhook_bucket import WebhookBucket
from otel_discord.discord_api.routes import Operation, Route

if TYPE_CHECKING:
    from otel_discord.discord_api.ratelimit.channel_budget import ChannelBudget


class Lane:
    """A bucket and who waits for it."""

    __slots__ = (
        "bucket",
        "in_flight",
        "parked_at",
        "paused_until",
        "route",
        "tightest_per_second",
        "used_at",
        "waiting",
    )

    def __init__(self, route: Route, bucket: WebhookBucket, tightest_per_second: float = math.inf) -> None:
        self.route = route
        self.bucket = bucket
        self.waiting: Agenda[Ticket] = Agenda()
        self.in_flight: Ticket | None = None
        self.paused_until = -math.inf
        """After a 429 of this route alone."""
        self.parked_at: ChannelBudget | None = None
        """The channel that alone holds it up."""
        self.used_at = -math.inf
        self.tightest_per_second = tightest_per_second
        """What the limits beside the bucket let through in the long run."""

    @property
    def creates(self) -> bool:
        """Whether its requests are new messages."""
        return self.route.operation is Operation.EXECUTE

    def keeps_one(self, priority: int) -> bool:
        """Whether a request of that priority leaves a slot of the bucket to one that is critical."""
        return priority < CRITICAL and self.bucket.can_keep_one(self.tightest_per_second)

    def allowed_at(self) -> float:
        """Return when the bucket lets the next request through; inf while one is in flight or none waits."""
        head = None if self.in_flight is not None else self.waiting.peek()
        if head is None:
            return math.inf
        bucket = self.bucket
        free_at = bucket.free_at
        if bucket.spare_at > free_at and self.keeps_one(head[1].priority):
            free_at = bucket.spare_at
        return max(free_at, self.paused_until)

    def is_idle(self, now: float) -> bool:
        """Whether forgetting it loses nothing that matters."""
        held_until = max(self.bucket.free_at, self.bucket.spare_at, self.paused_until, self.bucket.cautious_until)
        return self.in_flight is None and not self.waiting and held_until <= now
