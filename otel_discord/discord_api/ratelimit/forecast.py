"""When a request that nobody has asked for yet would be granted, as things stand. Nothing is changed by asking."""

from collections.abc import Iterable

from otel_discord.discord_api.ratelimit.lane import Lane
from otel_discord.discord_api.ratelimit.layers import Layers
from otel_discord.discord_api.ratelimit.reserve import CRITICAL
from otel_discord.discord_api.routes import Operation, Route


def ready_at(
    layers: Layers, lane: Lane | None, ready: Iterable[Lane], route: Route, priority: int, now: float
) -> float:
    """Return the time, ``now`` for at once, inf while something without known end holds everything up.

    Exact for a route with nothing in flight and nobody before it. Otherwise an estimate, rather early: those in flight
    are taken to be answered now and those before it to go as soon as they may.

    Args:
        layers: what the routes share.
        lane: of the route, None where it was not used yet.
        ready: lanes that only the layers hold up.
        route: of the request.
        priority: of the request.
        now: loop time.
    """
    before = sum(1 for other in ready if other is not lane and _ahead(other, priority))
    at = max(
        now,
        layers.host.allowed_at(),
        layers.guard.allowed_at(now),
        layers.together.foreseen_at(now, ahead=before, critical=priority >= CRITICAL),
    )
    ahead = 0
    if lane is not None:
        ahead = _ahead(lane, priority)
        in_bucket = ahead + (lane.in_flight is not None)
        free_at = lane.bucket.foreseen_at(now, ahead=in_bucket, keeps_one=lane.keeps_one(priority))
        at = max(at, free_at, lane.paused_until)
    if not route.operation.writes:
        return at
    channel = layers.channels.glance(route.webhook_id)
    if route.operation is not Operation.EXECUTE:
        return max(at, channel.allowed_at(now, creates=False))
    ahead += sum(_ahead(other, priority) for other in channel.parked() if other is not lane and other.creates)
    return max(at, channel.foreseen_at(now, ahead=ahead, priority=priority))


def _ahead(lane: Lane, priority: int) -> int:
    """How many of those who wait there go first."""
    return sum(1 for ticket in lane.waiting if ticket.priority >= priority)
