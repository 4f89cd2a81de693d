"""A webhook's channel becomes known: what it has used counts in the channel's budget from then on."""

from otel_discord.discord_api.ratelimit.lanes import Lanes
from otel_discord.discord_api.ratelimit.layers import Layers
from otel_discord.discord_api.routes import Operation, Route


def join_channel(layers: Layers, lanes: Lanes, webhook_id: str, channel_id: str, now: float) -> bool:
    """Put a webhook into its channel's budget; return False when it was there already."""
    moved = layers.channels.learn(webhook_id, channel_id, now)
    if moved is None:
        return False
    before, budget = moved
    if before.channel_id is None:
        budget.absorb(before, now)
        lane = lanes.get(Route(Operation.EXECUTE, webhook_id))
        if lane is not None and lane.in_flight is not None and lane.in_flight.channel is before:
            lane.in_flight.channel = budget
    for operation in Operation:
        lane = lanes.get(Route(operation, webhook_id))
        if lane is not None:
            lanes.place(lane, now)
    lanes.set_channel_timer(before, now)
    lanes.set_channel_timer(budget, now)
    return True
