"""Channels that carry a run's mark and are not the run's: who clones a channel in Discord copies its topic as well.

Such a channel belongs to people: it is neither adopted nor deleted.
"""

from collections.abc import Sequence
from typing import Any, Final

from otel_discord.discord_api.bot.answers import Done
from otel_discord.discord_api.bot.bot_api import Channel
from otel_discord.discord_api.snowflake import made_ms
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.marker import Marker

TOGETHER_MS: Final = 120_000
"""Two attempts at one create follow each other so closely: a request's time, and the longest of the first waits."""
LATE_MS: Final = 600_000
"""A channel made so long after its run was asked for is looked into before it is taken for the run's."""


async def is_second_of_ours(channel: Channel, first: Channel, bench: Bench) -> bool:
    """Return whether a channel is what a given-up attempt at the same create has made after all: nobody uses it."""
    if made_ms(channel.id) - made_ms(first.id) > TOGETHER_MS:
        return False
    listed = await bench.api.messages(channel.id, limit=1)
    return isinstance(listed, Done) and not listed.value


def may_be_copy(channel: Channel, marker: Marker) -> bool:
    """Return whether the channel is so much younger than its mark that somebody may have cloned it. Pure."""
    return made_ms(channel.id) - marker.created_ms > LATE_MS


def is_copy(channel: Channel, marker: Marker, messages: Sequence[dict[str, Any]], bot_id: str) -> bool:
    """Return whether such a channel is one: people write there and neither the bot nor a webhook does, or it was made
    when the run's time was over. ``messages`` are the first ones, as Discord's JSON. Pure."""
    if marker.retention_hours and made_ms(channel.id) >= marker.created_ms + marker.retention_hours * 3_600_000:
        return True
    return bool(messages) and not any(_is_by_us(message, bot_id) for message in messages)


def tell_of_copy(channel: Channel, run_id: str, bench: Bench) -> None:
    """Say once that a copy is left alone."""
    bench.tell_once(
        f"copy {channel.id}",
        "a channel carries the mark of a run whose channel it is not, as a clone does; it is left alone",
        run=run_id,
        channel=channel.id,
        guild=channel.guild_id,
    )


def _is_by_us(message: dict[str, Any], bot_id: str) -> bool:
    author = message.get("author")
    return bool(message.get("webhook_id")) or (isinstance(author, dict) and author.get("id") == bot_id)
