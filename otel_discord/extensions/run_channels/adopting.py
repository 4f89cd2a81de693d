"""What a marked channel that nobody knows of says about its run: how far that has come. Pure but for one look."""

from collections.abc import Sequence
from dataclasses import dataclass

from otel_discord.discord_api.bot.answers import Done, Failure, NotThere
from otel_discord.discord_api.bot.bot_api import Channel, PostedByBot, Webhook
from otel_discord.extensions.run_channels.bench import Bench
from otel_discord.extensions.run_channels.copies import is_copy, may_be_copy, tell_of_copy
from otel_discord.extensions.run_channels.marker import Marker
from otel_discord.extensions.run_channels.runs import Placement, Run, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A channel (or thread) with a mark of ours, as Discord shows it."""

    marker: Marker
    channel: Channel
    placement: Placement
    webhook: Webhook | None
    """The bot's own one in it; of threads the parent's."""
    is_in_archive: bool


async def adopted(found: Found, bench: Bench) -> Done[Run] | Failure:
    """Return the run of a marked channel, to be carried on from there; NotThere for a copy that people have made."""
    now_ms = bench.now_ms()
    if found.webhook is None and found.placement is Placement.CHANNEL and may_be_copy(found.channel, found.marker):
        first = await bench.api.messages(found.channel.id, limit=10, after="1")
        if not isinstance(first, Done):
            return first
        if is_copy(found.channel, found.marker, [message.json for message in first.value], bench.bot.id):
            tell_of_copy(found.channel, found.marker.run_id, bench)
            return NotThere(0)
    if found.is_in_archive:
        return Done(_run(found, State.ARCHIVED, archived_ms=now_ms, webhook_deleted=True, header_tried=True))
    if found.webhook is not None:
        webhook = found.webhook
        return Done(_run(found, State.CREATING, webhook_id=webhook.id, webhook_token=webhook.token))
    if found.placement is not Placement.CHANNEL:  # their webhook is not their own: that it is missing says nothing
        return Done(_run(found, State.CREATING))
    listed = await bench.api.messages(found.channel.id, limit=10, after="1")
    if not isinstance(listed, Done):
        return listed
    if not listed.value:  # nobody has ever written there: its creation was interrupted
        return Done(_run(found, State.CREATING))
    header_id = _header_id(listed.value, bench)
    return Done(
        _run(
            found,
            State.FINISHING,
            finalized_ms=now_ms,
            drained=True,
            webhook_deleted=True,
            header_tried=True,
            header_message_id=header_id,
            outcome_told=not header_id,
        )
    )


def _run(found: Found, state: State, **changes: object) -> Run:
    marker = found.marker
    values: dict[str, object] = {
        "run_id": marker.run_id,
        "key": marker.key,
        "state": state,
        "placement": found.placement,
        "created_ms": marker.created_ms,
        "retention_hours": marker.retention_hours,
        "category_id": found.channel.parent_id,
        "channel_id": found.channel.id,
        "channel_name": found.channel.name,
    }
    return Run(**{**values, **changes})  # type: ignore[arg-type]


def _header_id(messages: Sequence[PostedByBot], bench: Bench) -> str:
    for message in messages:
        author = message.json.get("author")
        if isinstance(author, dict) and author.get("id") == bench.bot.id and message.json.get("embeds"):
            return message.id
    return ""
