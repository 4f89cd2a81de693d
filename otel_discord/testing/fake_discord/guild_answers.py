"""Guilds, channels, webhooks and bots in the form in which Discord shows them to a bot."""

from typing import Any

from otel_discord.testing.fake_discord.answers import message_json, webhook_json
from otel_discord.testing.fake_discord.guilds import FakeBot, FakeGuild
from otel_discord.testing.fake_discord.snowflake import iso_time
from otel_discord.testing.fake_discord.state import FakeChannel, FakeMessage, FakeWebhook

Json = dict[str, Any]


def channel_json(channel: FakeChannel) -> Json:
    """Return a ``GuildChannelResponse``, or a ``ThreadResponse`` of a thread."""
    answer: Json = {
        "id": channel.id,
        "type": channel.type,
        "flags": 0,
        "guild_id": channel.guild_id,
        "name": channel.name,
        "parent_id": channel.parent_id or None,
        "rate_limit_per_user": 0,
    }
    if channel.is_thread:
        return answer | _of_thread(channel)
    answer |= {
        "position": channel.position,
        "nsfw": False,
        "permission_overwrites": [
            {"id": each.id, "type": each.type, "allow": str(each.allow), "deny": str(each.deny)}
            for each in channel.overwrites
        ],
    }
    if channel.is_category:
        return answer
    if channel.is_forum:
        answer["available_tags"] = []
    return answer | {"topic": channel.topic or None, "last_message_id": None}


def bot_webhook_json(webhook: FakeWebhook, bot: FakeBot, maker: FakeBot | None) -> Json:
    """Return a webhook as a bot sees it: token and URL only of its own. ``maker``: the bot that made it."""
    answer = webhook_json(webhook)
    if maker is not None:
        answer |= {"application_id": maker.application_id, "user": user_json(maker)}
    if maker is not bot:
        del answer["token"], answer["url"]
    return answer


def user_json(bot: FakeBot) -> Json:
    """Return a ``UserResponse``."""
    return {
        "id": bot.id,
        "username": bot.name,
        "avatar": None,
        "discriminator": "0000",
        "public_flags": 0,
        "flags": 0,
        "bot": True,
        "global_name": None,
        "primary_guild": None,
    }


def own_user_json(bot: FakeBot) -> Json:
    """Return a ``UserPIIResponse``."""
    return user_json(bot) | {"mfa_enabled": False, "locale": "en-US", "email": None, "verified": True}


def bot_message_json(message: FakeMessage, bots: dict[str, FakeBot], reader: FakeBot) -> Json:
    """Return a message as a bot reads it; what others wrote is empty without the intent."""
    answer = message_json(message)
    if message.author_id in bots:
        answer["author"] = user_json(bots[message.author_id])
        del answer["webhook_id"]
    if message.nonce:
        answer["nonce"] = message.nonce
    if message.author_id != reader.id and not reader.message_content:
        answer |= {"content": "", "embeds": [], "attachments": [], "components": []}
    return answer


def my_guild_json(guild: FakeGuild, bot: FakeBot) -> Json:
    """Return a ``MyGuildResponse``: what the bot may do there is in ``permissions``."""
    return {
        "id": guild.id,
        "name": guild.name,
        "icon": None,
        "banner": None,
        "owner": guild.owner_id == bot.id,
        "permissions": str(guild.bits(bot.id)),
        "features": [],
    }


def roles_json(guild: FakeGuild, names: dict[str, str]) -> list[Json]:
    """Return the roles: everyone's, and that of each bot; ``names`` of bots by id."""
    roles = [_role_json(guild.id, "@everyone", guild.everyone, 0)]
    for position, (bot_id, role_id) in enumerate(guild.role_ids.items(), start=1):
        role = _role_json(role_id, names.get(bot_id, "bot"), guild.permissions.get(bot_id, 0), position)
        roles.append(role | {"managed": True, "tags": {"bot_id": bot_id}})
    return roles


def guild_json(guild: FakeGuild, names: dict[str, str]) -> Json:
    """Return a ``GuildResponse``, of its many keys those that a service looks at."""
    return {
        "id": guild.id,
        "name": guild.name,
        "icon": None,
        "description": None,
        "features": [],
        "owner_id": guild.owner_id,
        "roles": roles_json(guild, names),
        "premium_tier": 0,
        "preferred_locale": "en-US",
    }


def member_json(guild: FakeGuild, bot: FakeBot) -> Json:
    """Return a ``GuildMemberResponse``."""
    return {
        "user": user_json(bot),
        "nick": None,
        "avatar": None,
        "roles": [guild.role_ids[bot.id]] if bot.id in guild.role_ids else [],
        "joined_at": iso_time(1_767_225_600.0),
        "premium_since": None,
        "flags": 0,
        "pending": False,
        "mute": False,
        "deaf": False,
    }


def application_json(bot: FakeBot) -> Json:
    """Return a ``PrivateApplicationResponse``, of its many keys those that a service looks at."""
    return {
        "id": bot.application_id,
        "name": bot.name,
        "icon": None,
        "description": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "flags": 0,
        "bot": user_json(bot),
    }


def _of_thread(thread: FakeChannel) -> Json:
    return {
        "owner_id": thread.made_by,
        "last_message_id": None,
        "message_count": thread.message_count,
        "member_count": 1,
        "total_message_sent": thread.message_count,
        "thread_metadata": {
            "archived": thread.archived,
            "archive_timestamp": iso_time(thread.archived_wall_s),
            "auto_archive_duration": thread.archives_after_min,
            "locked": thread.locked,
            "create_timestamp": iso_time(thread.created_wall_s),
        },
    }


def _role_json(role_id: str, name: str, permissions: int, position: int) -> Json:
    return {
        "id": role_id,
        "name": name,
        "description": None,
        "permissions": str(permissions),
        "position": position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
