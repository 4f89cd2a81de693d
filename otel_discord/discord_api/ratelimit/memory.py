"""What a restart must not forget: what was posted in the last minute, and what is paused. No tokens are in it.

Stored are seconds back and seconds left, beside the wall time at which that was true. Whatever the wall clock did
meanwhile, and whatever the file says, what was posted costs at most a minute after a restart, and a pause no more than
it was, and never more than an hour: then Discord is asked once.
"""

import json
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.discord_api.ratelimit.channel_budget import WINDOW_S
from otel_discord.discord_api.ratelimit.lane import Lane
from otel_discord.discord_api.ratelimit.layers import Layers
from otel_discord.discord_api.ratelimit.webhook_bucket import PACE_LIMIT, PACE_WINDOW_S
from otel_discord.discord_api.routes import Operation, Route

LONGEST_PAUSE_S: Final = 3600.0
MAX_ENTRIES: Final = 1000
"""Of webhooks, of paused routes, of messages in a minute: a larger fleet risks a refusal at each of the others."""
_DECIMALS: Final = 3


@dataclass(frozen=True, slots=True)
class ChannelPast:
    """Of one channel: how long ago messages were posted, and how long it stays paused, in seconds from now."""

    channel_id: str | None
    webhook_ids: tuple[str, ...]
    """At least one."""
    posted_ago_s: tuple[float, ...]
    paused_for_s: float


@dataclass(frozen=True, slots=True)
class Past:
    """What an earlier process left, in seconds from now."""

    channels: tuple[ChannelPast, ...]
    routes: tuple[tuple[Route, float], ...]
    """Routes that stay paused, and for how long."""
    paused_for_s: float
    """Everything."""
    unseen_s: float = 0.0
    """For how long it may have posted after it wrote this."""
    unseen_ago_s: float = 0.0
    """When that was over at the latest."""

    @property
    def unseen_posts(self) -> int:
        """How many messages a webhook can have posted meanwhile: its bucket, full at first."""
        return PACE_LIMIT + math.ceil(self.unseen_s / PACE_WINDOW_S * PACE_LIMIT) if self.unseen_s else 0

    @property
    def unseen_bucket_s(self) -> float:
        """For how long the buckets may be used up by that."""
        return max(0.0, PACE_WINDOW_S - self.unseen_ago_s) if self.unseen_s else 0.0


def write_past(
    layers: Layers,
    lanes: Iterable[Lane],
    now: float,
    now_unix_s: float,
    *,
    webhook_ids: Collection[str] | None = None,
    unseen_s: float = 0.0,
) -> bytes | None:
    """Return what is in use or paused, None where there is nothing to remember.

    Messages in flight count as posted now. With ``webhook_ids`` it is about these alone. ``unseen_s``: for how long
    more may be posted before this is written again.
    """
    channels = [
        [budget.channel_id, users[:MAX_ENTRIES], _rounded(budget.posted_ago_s(now)), budget.paused_for_s(now)]
        for budget, users in layers.channels.users()[-MAX_ENTRIES:]
        if webhook_ids is None or not set(users).isdisjoint(webhook_ids)
    ]
    channels = [channel for channel in channels if channel[2] or channel[3]]
    mine = [lane for lane in lanes if webhook_ids is None or lane.route.webhook_id in webhook_ids]
    free_at = [(lane.route, max(lane.paused_until, lane.bucket.free_at)) for lane in mine]
    routes = [[route.operation.value, route.webhook_id, at - now] for route, at in free_at if at > now][-MAX_ENTRIES:]
    paused_for_s = layers.together.paused_for_s(now)
    if not channels and not routes and not paused_for_s:
        return None
    past = {"at_unix_s": now_unix_s, "channels": channels, "routes": routes, "paused_for_s": paused_for_s}
    past |= {"unseen_s": unseen_s} if unseen_s else {}
    return json.dumps(past).encode()


def read_past(stored: bytes, now_unix_s: float) -> Past | None:
    """Return what is left of it, None where it cannot be read or nothing is left."""
    try:
        read = json.loads(stored)
        elapsed_s = max(0.0, now_unix_s - _finite(read["at_unix_s"]))
        past = Past(
            channels=tuple(_channel(entry, elapsed_s) for entry in read["channels"][:MAX_ENTRIES] if entry[1]),
            routes=tuple(
                (Route(Operation(operation), str(webhook_id)), _left_s(left_s, elapsed_s))
                for operation, webhook_id, left_s in read["routes"][:MAX_ENTRIES]
            ),
            paused_for_s=_left_s(read["paused_for_s"], elapsed_s),
            unseen_s=(unseen_s := min(max(0.0, _finite(read.get("unseen_s", 0.0))), WINDOW_S)),
            unseen_ago_s=max(0.0, elapsed_s - unseen_s),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    longest_s = max([left_s for _, left_s in past.routes] + [channel.paused_for_s for channel in past.channels] + [0.0])
    has_posts = any(channel.posted_ago_s for channel in past.channels)
    return past if has_posts or longest_s or past.paused_for_s else None


def _channel(entry: Any, elapsed_s: float) -> ChannelPast:
    channel_id, webhook_ids, posted_ago_s, paused_for_s = entry
    ago_s = sorted((max(0.0, _finite(ago_s)) + elapsed_s for ago_s in posted_ago_s[-MAX_ENTRIES:]), reverse=True)
    return ChannelPast(
        None if channel_id is None else str(channel_id),
        tuple(str(webhook_id) for webhook_id in webhook_ids[:MAX_ENTRIES]),
        tuple(ago for ago in ago_s if ago <= WINDOW_S + 1.0),
        _left_s(paused_for_s, elapsed_s),
    )


def _left_s(stored_s: Any, elapsed_s: float) -> float:
    return max(0.0, min(_finite(stored_s), LONGEST_PAUSE_S) - elapsed_s)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _rounded(values_s: Iterable[float]) -> list[float]:
    return [round(value_s, _DECIMALS) for value_s in values_s]
