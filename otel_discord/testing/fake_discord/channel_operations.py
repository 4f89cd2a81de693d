"""What bots do with channels: list, make, change, delete."""

from collections.abc import Sequence
from typing import Any

from otel_discord.testing.fake_discord import limits_of_discord as limits
from otel_discord.testing.fake_discord.bot_call import Answer, BotCall
from otel_discord.testing.fake_discord.channel_form import CHANNEL_KEYS, ChannelForm, check_channel
from otel_discord.testing.fake_discord.form_body import read_body, read_list
from otel_discord.testing.fake_discord.form_errors import FormErrors, invalid_form, refusal
from otel_discord.testing.fake_discord.guild_answers import channel_json
from otel_discord.testing.fake_discord.guilds import FakeGuild
from otel_discord.testing.fake_discord.permissions import (
    ADMINISTRATOR,
    MANAGE_CHANNELS,
    MANAGE_ROLES,
    MANAGE_THREADS,
    FakeOverwrite,
)
from otel_discord.testing.fake_discord.state import FakeChannel
from otel_discord.testing.fake_discord.strict import unknown_keys
from otel_discord.testing.fake_discord.thread_operations import update_thread


def list_guild_channels(call: BotCall) -> Answer:
    """Return all channels and categories, also those that the bot may not see; no threads."""
    return 200, [channel_json(channel) for channel in call.guild.channels]


def create_guild_channel(call: BotCall) -> Answer:
    """Make a channel; without overwrites it takes those of its category."""
    guild = call.guild
    body = read_body(call.request)
    for rule, detail in unknown_keys(body.json, CHANNEL_KEYS):
        call.note(rule, detail)
    form = check_channel(body.json, call.switches)
    parent = _category(call, guild, form.parent_id, MANAGE_CHANNELS)
    if parent is None:
        call.need_in_guild(guild, MANAGE_CHANNELS)
    own_bits = guild.bits(call.bot.id)
    _check_overwrites(form.overwrites, own_bits, may_grant_roles=bool(own_bits & ADMINISTRATOR))
    if len(guild.channels) >= limits.GUILD_CHANNELS:
        raise refusal(400, 30013)
    _check_room(guild, parent)
    channel = call.state.add_channel(
        form.name or "",
        type=form.type,
        guild_id=guild.id,
        parent_id=form.parent_id or "",
        topic=form.topic or "",
        overwrites=form.overwrites,
        wall_s=call.wall_s,
    )
    channel.made_by = call.bot.id
    call.record("channel_create", channel.id, guild.id)
    return 201, channel_json(channel)


def bulk_update_guild_channels(call: BotCall) -> Answer:
    """Change positions and categories of several channels; ``lock_permissions`` brings a category's overwrites."""
    guild = call.guild
    call.need_in_guild(guild, MANAGE_CHANNELS)
    changes: list[tuple[FakeChannel, FakeChannel | None, dict[str, Any]]] = []
    for entry in read_list(call.request):
        channel = call.state.channels.get(str(entry.get("id"))) if isinstance(entry, dict) else None
        if channel is None or channel.guild_id != guild.id:
            raise refusal(404, 10003)
        parent = _category(call, guild, str(entry.get("parent_id") or ""), MANAGE_CHANNELS)
        if parent is not None and parent.id != channel.parent_id:
            _check_room(guild, parent)
        changes.append((channel, parent, entry))
    for channel, parent, entry in changes:
        if "parent_id" in entry:
            channel.parent_id = parent.id if parent is not None else ""
        if parent is not None and entry.get("lock_permissions") is True:
            channel.overwrites = list(parent.overwrites)
        if isinstance(entry.get("position"), int):
            channel.position = entry["position"]
    return 204, None


def get_channel(call: BotCall) -> Answer:
    """Return a channel or thread."""
    return 200, channel_json(call.channel)


def update_channel(call: BotCall) -> Answer:
    """Change what is named; another category does not bring its overwrites along."""
    channel = call.channel
    if channel.is_thread:
        return update_thread(call, channel)
    body = read_body(call.request)
    for rule, detail in unknown_keys(body.json, CHANNEL_KEYS):
        call.note(rule, detail)
    _note_renaming(call, channel, set(body.json))
    form = check_channel(body.json, call.switches, type=channel.type)
    call.need(channel, MANAGE_CHANNELS)
    guild = call.guild_of(channel)
    parent = channel if form.parent_id is None else _category(call, guild, form.parent_id, MANAGE_CHANNELS)
    if form.parent_id == "" and channel.parent_id:
        call.need_in_guild(guild, MANAGE_CHANNELS)
    if form.overwrites is not None and form.overwrites != channel.overwrites:
        _check_changed_overwrites(call, guild, channel, parent, form.overwrites)
    if form.parent_id is not None and form.parent_id != channel.parent_id:
        _check_room(guild, parent)
    _apply(channel, form)
    call.record("channel_update", channel.id, guild.id)
    return 200, channel_json(channel)


def delete_channel(call: BotCall) -> Answer:
    """Delete a channel or thread for good, with its webhooks; the channels of a category stay."""
    channel = call.channel
    call.need(channel, MANAGE_THREADS if channel.is_thread else MANAGE_CHANNELS)
    call.state.delete_channel(channel)
    call.record("thread_delete" if channel.is_thread else "channel_delete", channel.id, channel.guild_id)
    return 200, channel_json(channel)


def _apply(channel: FakeChannel, form: ChannelForm) -> None:
    channel.name = channel.name if form.name is None else form.name
    channel.topic = channel.topic if form.topic is None else form.topic
    channel.parent_id = channel.parent_id if form.parent_id is None else form.parent_id
    channel.overwrites = channel.overwrites if form.overwrites is None else form.overwrites


def _category(call: BotCall, guild: FakeGuild, parent_id: str | None, bits: int) -> FakeChannel | None:
    """Return the category to be put in, None for none; the bot must be allowed ``bits`` in it."""
    if not parent_id:
        return None
    parent = call.state.channels.get(parent_id)
    errors = FormErrors()
    if parent is None or parent.guild_id != guild.id:
        errors.add(("parent_id",), "CHANNEL_PARENT_INVALID", "Category does not exist")
        raise invalid_form(errors)
    if not parent.is_category:
        errors.add(("parent_id",), "CHANNEL_PARENT_INVALID_TYPE", "Not a category")
        raise invalid_form(errors)
    if bits & ~call.bits_in(parent):
        raise refusal(403, 50013)
    return parent


def _check_room(guild: FakeGuild, parent: FakeChannel | None) -> None:
    if parent is not None and len(guild.children(parent.id)) >= limits.CATEGORY_CHANNELS:
        errors = FormErrors()
        words = f"Maximum number of channels in category reached ({limits.CATEGORY_CHANNELS})"
        errors.add(("parent_id",), "CHANNEL_PARENT_MAX_CHANNELS", words)
        raise invalid_form(errors)


def _check_overwrites(overwrites: Sequence[FakeOverwrite] | None, has: int, *, may_grant_roles: bool) -> None:
    """Check that only bits are allowed or denied that the bot has."""
    touched = 0
    for overwrite in overwrites or ():
        touched |= overwrite.allow | overwrite.deny
    if touched & ~has or (touched & MANAGE_ROLES and not may_grant_roles):
        raise refusal(403, 50013)


def _check_changed_overwrites(
    call: BotCall,
    guild: FakeGuild,
    channel: FakeChannel,
    parent: FakeChannel | None,
    overwrites: Sequence[FakeOverwrite],
) -> None:
    call.need(channel, MANAGE_ROLES)
    has = guild.bits(call.bot.id)
    if parent is not None and parent is not channel:
        has |= call.bits_in(parent)
    elif channel.parent_id in call.state.channels:
        has |= call.bits_in(call.state.channels[channel.parent_id])
    kept = [each for each in overwrites if each in channel.overwrites]
    changed = [each for each in overwrites if each not in kept]
    _check_overwrites(changed, has, may_grant_roles=bool(guild.bits(call.bot.id) & ADMINISTRATOR))


def _note_renaming(call: BotCall, channel: FakeChannel, keys: set[str]) -> None:
    if channel.made_by and channel.topic and keys & {"name", "topic"}:
        named = ", ".join(sorted(keys & {"name", "topic"}))
        call.note("marked_channel_renamed", f"{named} of channel {channel.id}, whose topic is how it is found again")
