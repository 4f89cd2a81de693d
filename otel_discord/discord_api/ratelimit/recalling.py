"""Takes over what another process has left: posts of the last minute, pauses, and what it may have posted since."""

from collections.abc import Collection

from otel_discord.discord_api.ratelimit.joining import join_channel
from otel_discord.discord_api.ratelimit.lanes import Lanes
from otel_discord.discord_api.ratelimit.layers import Layers
from otel_discord.discord_api.ratelimit.memory import Past
from otel_discord.discord_api.routes import Operation, Route


def recall(layers: Layers, lanes: Lanes, past: Past, webhook_ids: Collection[str], now: float) -> None:
    """Tell the layers and lanes of a past; ``webhook_ids`` are those that were that process's, beside those in it.

    What this process has learnt itself comes first.
    """
    for channel in past.channels:
        for webhook_id in channel.webhook_ids:
            if channel.channel_id is not None and layers.channels.of(webhook_id, now).channel_id is None:
                join_channel(layers, lanes, webhook_id, channel.channel_id, now)
        budget = layers.channels.of(channel.webhook_ids[0], now)
        budget.recall(channel.posted_ago_s, channel.paused_for_s, now)
        lanes.set_channel_timer(budget, now)
    for route, left_s in past.routes:
        lanes.pause(route, now + left_s, now)
    if past.unseen_s:
        known = {each for channel in past.channels for each in channel.webhook_ids}
        _suppose(layers, lanes, past, {*webhook_ids, *known}, now)
    if past.paused_for_s:
        layers.together.pause(now + past.paused_for_s)


def _suppose(layers: Layers, lanes: Lanes, past: Past, webhook_ids: Collection[str], now: float) -> None:
    """Count what may have been posted after the past was stored."""
    for webhook_id in webhook_ids:
        budget = layers.channels.of(webhook_id, now)
        budget.suppose(past.unseen_posts, now - past.unseen_ago_s, now)
        lanes.set_channel_timer(budget, now)
        if past.unseen_bucket_s:
            for operation in (Operation.EXECUTE, Operation.EDIT):
                lanes.pause(Route(operation, webhook_id), now + past.unseen_bucket_s, now)
