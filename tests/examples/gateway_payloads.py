"""What Discord's gateway sends."""

from typing import Any

GUILD, CHANNEL, ROLE, EVERYBODY = "1010", "2020", "1111", "1010"
COLORS = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}


def user(number: int, name: str) -> dict[str, Any]:
    return {"id": str(number), "username": name, "discriminator": "0", "avatar": None, "global_name": None}


def role(number: str, name: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "permissions": "0",
        "position": 0,
        "color": 0,
        "colors": COLORS,
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def guild() -> dict[str, Any]:
    zeros = ("premium_tier", "nsfw_level", "mfa_level", "verification_level", "explicit_content_filter")
    return {
        "id": GUILD,
        "name": "Garden",
        "roles": [role(EVERYBODY, "@everyone"), role(ROLE, "Gardener")],
        "channels": [{"id": CHANNEL, "type": 0, "name": "general", "position": 0, "permission_overwrites": []}],
        "member_count": 2,
        "emojis": [],
        "features": [],
        "default_message_notifications": 0,
        "preferred_locale": "en-US",
        "afk_timeout": 60,
        "system_channel_flags": 0,
        "unavailable": False,
        **dict.fromkeys(zeros, 0),
    }


def member(number: int, name: str, *roles: str) -> dict[str, Any]:
    return {
        "guild_id": GUILD,
        "user": user(number, name),
        "roles": list(roles),
        "joined_at": "2026-11-22T10:00:00+00:00",
        "flags": 0,
        "deaf": False,
        "mute": False,
        "avatar": None,
    }


def message(content: str, author: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "4040",
        "channel_id": CHANNEL,
        "guild_id": GUILD,
        "author": author["user"],
        "member": author,
        "content": content,
        "timestamp": "2026-11-22T10:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
    }


def slash_command(name: str, options: list[dict[str, Any]], author: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "5050",
        "application_id": "1",
        "type": 2,
        "token": "t",
        "version": 1,
        "guild_id": GUILD,
        "channel_id": CHANNEL,
        "channel": {"id": CHANNEL, "type": 0, "name": "general", "permissions": "0"},
        "member": {**author, "permissions": "0"},
        "data": {"id": "6060", "name": name, "type": 1, "options": options},
        "entitlements": [],
        "locale": "en-US",
        "app_permissions": "0",
        "authorizing_integration_owners": {},
        "context": 0,
        "attachment_size_limit": 0,
    }
