"""Has each destination placed in a shard, once for all replicas, before the exporter takes anything in."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from otel_discord.component.fleet import Fleet
from otel_discord.discord_api.client import WebhookClient, WebhookInfo
from otel_discord.discord_api.permits import RateLimits
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.fleet.groups import channel_shares, groups_of, torn_apart
from otel_discord.exporters.discord.greetings import ask_webhook
from otel_discord.exporters.discord.lane import patiently

ASKING_S: Final = 5.0
"""For all webhooks to say which channels they post to; a start waits no longer for that."""
_AT_A_TIME: Final = 4


async def place(
    fleet: Fleet,
    destinations: Sequence[Destination],
    client: WebhookClient,
    limits: RateLimits,
    logger: logging.Logger,
) -> Mapping[str, int]:
    """Return the shard of each destination. A storage that is away is waited for.

    Where some were never placed, all webhooks are asked for their channels, since those of one channel belong together.
    A channel that several shards post to nevertheless is divided in ``limits``.

    Raises:
        ShutdownError: the fleet is closed.
    """
    known = await patiently(fleet.placed, logger, "to show which replica works on which destinations")
    is_new = any(item.name not in known for item in destinations)
    channels = await channels_of(destinations, client) if is_new else {}
    groups = groups_of(destinations, channels)
    shard_of = await patiently(lambda: fleet.place(groups), logger, "which replica works on which destinations")
    for group in torn_apart(groups, shard_of):
        logger.warning(
            "the destinations %s belong together (fallback, webhook or channel) and were given to different shards when"
            " that was not known; a fallback is not taken between them, and each has a part of their channel's limit",
            ", ".join(group),
        )
    for channel, parts in channel_shares(channels, shard_of).items():
        limits.share_channel(channel, parts)
    return shard_of


async def channels_of(destinations: Sequence[Destination], client: WebhookClient) -> dict[str, str]:
    """Return which channel each webhook posts to, by the destination's name; what is not heard in time is left out."""
    channels: dict[str, str] = {}
    turns = asyncio.Semaphore(_AT_A_TIME)

    async def ask(destination: Destination) -> None:
        async with turns:
            answer = await ask_webhook(client, destination.webhook, ASKING_S)
        if isinstance(answer, WebhookInfo):
            channels[destination.name] = answer.channel_id

    with suppress(TimeoutError):
        async with asyncio.timeout(ASKING_S), asyncio.TaskGroup() as tasks:
            for each in destinations:
                tasks.create_task(ask(each), name=f"channel of {each.name}")
    return channels
