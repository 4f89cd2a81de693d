"""The limiter at one moment, for metrics, the status page and ``top``. Times are seconds from then; no secrets."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from otel_discord.discord_api.ratelimit.invalid_guard import InvalidLevel
from otel_discord.discord_api.ratelimit.lane import Lane
from otel_discord.discord_api.ratelimit.layers import Layers
from otel_discord.discord_api.ratelimit.window_shape import Shape
from otel_discord.discord_api.routes import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSnapshot:
    """One route: who waits, what its bucket has left, how it refills."""

    route: Route
    waiting: int
    in_flight: bool
    limit: int | None
    remaining: int | None
    shape: Shape
    bucket_hash: str
    next_in_s: float
    cautious: bool

    @classmethod
    def of(cls, lane: Lane, now: float) -> "BucketSnapshot":
        """Return the state of a route."""
        bucket = lane.bucket
        return cls(
            route=lane.route,
            waiting=len(lane.waiting),
            in_flight=lane.in_flight is not None,
            limit=bucket.limit,
            remaining=bucket.remaining,
            shape=bucket.shape,
            bucket_hash=bucket.bucket_hash,
            next_in_s=max(0.0, max(bucket.free_at, lane.paused_until) - now),
            cautious=now < bucket.cautious_until,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSnapshot:
    """One channel: new messages that may go at once, the slot for critical ones included (None: no budget is kept),
    and how long a shared 429 holds.
    """

    channel_id: str
    left: int | None
    paused_for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitSnapshot:
    """Everything that can hold up a request, from the outermost layer inwards."""

    waiting: int
    in_flight: int
    oldest_waiting_s: float
    banned: bool
    ban_for_s: float
    """Until the next probe; 0 while one is on its way."""
    invalid_requests: int
    """Answers of the last 10 minutes that count towards Discord's ban."""
    invalid_level: InvalidLevel
    global_paused_for_s: float
    channels: tuple[ChannelSnapshot, ...]
    buckets: tuple[BucketSnapshot, ...]

    @classmethod
    def of(cls, layers: Layers, lanes: Sequence[Lane], now: float) -> "RateLimitSnapshot":
        """Return the state of every layer; cost grows with the number of routes."""
        ban_at = layers.host.allowed_at()
        heads = [head[1].requested_at for lane in lanes if (head := lane.waiting.peek())]
        return cls(
            waiting=sum(len(lane.waiting) for lane in lanes),
            in_flight=sum(lane.in_flight is not None for lane in lanes),
            oldest_waiting_s=now - min(heads, default=now),
            banned=layers.host.is_banned,
            ban_for_s=max(0.0, ban_at - now) if math.isfinite(ban_at) else 0.0,
            invalid_requests=layers.guard.count(now),
            invalid_level=layers.guard.level(now),
            global_paused_for_s=layers.together.paused_for_s(now),
            channels=tuple(
                ChannelSnapshot(
                    channel_id=budget.channel_id or "", left=budget.left(now), paused_for_s=budget.paused_for_s(now)
                )
                for budget in layers.channels.known()
            ),
            buckets=tuple(BucketSnapshot.of(lane, now) for lane in lanes),
        )
