"""Has each destination placed in a shard, once for all replicas, before the exporter takes anything in."""

import logging
from collections.abc import Callable, Mapping, Sequence
from random import Random

from otel_discord.component.fleet import Fleet
from otel_discord.discord_api.permits import RateLimits
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.fleet.channels import Channels
from otel_discord.exporters.discord.fleet.groups import channel_shares, groups_of, torn_apart
from otel_discord.exporters.discord.lane import patiently


async def place(
    fleet: Fleet,
    destinations: Sequence[Destination],
    channels: Channels,
    limits: RateLimits,
    logger: logging.Logger,
    told: Callable[[str], None],
) -> Mapping[str, int]:
    """Return the shard of each destination. A storage that is away is waited for.

    ``told`` hears how far it is, as long as it comes further.

    Destinations of one channel belong together, so webhooks are asked for their channels first, where nobody did yet.
    A channel that several shards post to nevertheless is divided in ``limits``.

    Raises:
        ShutdownError: the fleet is closed.
    """
    posted_to = await channels.of(destinations, _own_dice(fleet), told)
    groups = groups_of(destinations, posted_to)
    shard_of = await patiently(lambda: fleet.place(groups), logger, "which replica works on which destinations")
    for group in torn_apart(groups, shard_of):
        logger.warning(
            "the destinations %s belong together (fallback, webhook or channel) and were given to different shards when"
            " that was not known; a fallback is not taken between them, and each has a part of their channel's limit."
            " Stop all replicas, change fleet::shards and start them again: that brings them together",
            ", ".join(group),
        )
    for channel, parts in channel_shares(posted_to, shard_of).items():
        limits.share_channel(channel, parts)
    return shard_of


def _own_dice(fleet: Fleet) -> Random:
    """Return dice that fall otherwise for each replica: by its name, as it may not know the others yet."""
    own = next((each.name for each in fleet.replicas() if each.is_self), "")
    return Random(own)  # noqa: S311 - spreads replicas, hides nothing
