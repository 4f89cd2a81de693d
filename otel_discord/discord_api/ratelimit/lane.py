"""The queue of one route: one request in flight, the others in order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from otel_discord.discord_api.ratelimit.agenda import Agenda
from otel_discord.discord_api.ratelimit.ticket import Ticket
from otel_discord.discord_api.ratelimit.webhook_bucket import WebhookBucket
from otel_discord.discord_api.routes import Route

if TYPE_CHECKING:
    from otel_discord.discord_api.ratelimit.channel_budget import ChannelBudget


class Lane:
    """A bucket and who waits for it."""

    __slots__ = ("bucket", "in_flight", "parked_at", "paused_until", "route", "used_at", "waiting")

    def __init__(self, route: Route, bucket: WebhookBucket) -> None:
        self.route = route
        self.bucket = bucket
        self.waiting: Agenda[Ticket] = Agenda()
        self.in_flight: Ticket | None = None
        self.paused_until = -math.inf
        """After a 429 of this route alone."""
        self.parked_at: ChannelBudget | None = None
        """The channel that alone holds it up."""
        self.used_at = -math.inf

    def allowed_at(self) -> float:
        """Return when the bucket lets the next request through; inf while one is in flight or none waits."""
        if self.in_flight is not None or not self.waiting:
            return math.inf
        return max(self.bucket.free_at, self.paused_until)

    def is_idle(self, now: float) -> bool:
        """Whether forgetting it loses nothing that matters."""
        held_until = max(self.bucket.free_at, self.paused_until, self.bucket.cautious_until)
        return self.in_flight is None and not self.waiting and held_until <= now
