"""What a bot may do in a guild: bits, the words of Discord's settings for them, and the invite that grants them.

https://docs.discord.com/developers/topics/permissions
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntFlag
from typing import Final
from urllib.parse import urlencode

INVITE_BASE: Final = "https://discord.com/oauth2/authorize"


class Permission(IntFlag):
    """Bits of a role, or of a channel's overwrite."""

    NONE = 0
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38


ALL_PERMISSIONS: Final = (1 << 53) - 1
"""What an owner or administrator has: every bit that there is, and those to come."""

CHANNELS_AND_WEBHOOKS: Final = int(
    Permission.VIEW_CHANNEL | Permission.MANAGE_CHANNELS | Permission.MANAGE_WEBHOOKS
)  # 536871952
"""To make channels and their webhooks, and to delete them."""

WITH_OVERWRITES: Final = CHANNELS_AND_WEBHOOKS | int(Permission.MANAGE_ROLES)  # 805307408
"""Also to say who may do what in a channel; of that only what the bot may do itself."""

WITH_SILENCE: Final = WITH_OVERWRITES | int(Permission.SEND_MESSAGES)  # 805309456
"""Also to keep others from writing: Discord lets a bot deny only what it may do itself."""

WITH_MESSAGES: Final = WITH_SILENCE | int(
    Permission.EMBED_LINKS | Permission.ATTACH_FILES | Permission.READ_MESSAGE_HISTORY
)  # 805424144
"""Also the bot's own messages."""

WITH_THREADS: Final = WITH_MESSAGES | int(
    Permission.MANAGE_THREADS | Permission.CREATE_PUBLIC_THREADS | Permission.SEND_MESSAGES_IN_THREADS
)
"""Also threads and posts of forums, instead of channels."""

_NAMES: Final[Mapping[Permission, str]] = {
    Permission.ADMINISTRATOR: "Administrator",
    Permission.VIEW_CHANNEL: "View Channels",
    Permission.MANAGE_CHANNELS: "Manage Channels",
    Permission.MANAGE_WEBHOOKS: "Manage Webhooks",
    Permission.MANAGE_ROLES: "Manage Roles",
    Permission.MANAGE_GUILD: "Manage Server",
    Permission.SEND_MESSAGES: "Send Messages",
    Permission.EMBED_LINKS: "Embed Links",
    Permission.ATTACH_FILES: "Attach Files",
    Permission.READ_MESSAGE_HISTORY: "Read Message History",
    Permission.MANAGE_MESSAGES: "Manage Messages",
    Permission.MENTION_EVERYONE: "Mention @everyone, @here, and All Roles",
    Permission.MANAGE_THREADS: "Manage Threads",
    Permission.CREATE_PUBLIC_THREADS: "Create Public Threads",
    Permission.CREATE_PRIVATE_THREADS: "Create Private Threads",
    Permission.SEND_MESSAGES_IN_THREADS: "Send Messages in Threads",
}
"""In the order in which they are told: what one needs first comes first."""


def names(permissions: int) -> tuple[str, ...]:
    """Return the words for these bits; those without words here as ``permission bit 40``."""
    named = tuple(name for bit, name in _NAMES.items() if permissions & bit)
    rest = permissions & ~int(sum(_NAMES))
    return named + tuple(f"permission bit {bit}" for bit in range(rest.bit_length()) if rest >> bit & 1)


def missing(have: int, need: int) -> tuple[str, ...]:
    """Return the words for what is needed and not there; an administrator has everything."""
    return () if have & Permission.ADMINISTRATOR else names(need & ~have)


def in_guild(
    *,
    guild_id: str,
    owner_id: str,
    user_id: str,
    role_permissions: Mapping[str, int],
    member_roles: Iterable[str],
) -> int:
    """Return what a member may do in a guild before any channel's overwrites.

    Args:
        guild_id: also the id of the role ``@everyone``.
        owner_id: who owns the guild, and so may do everything.
        user_id: the member.
        role_permissions: the bits of each of the guild's roles, by id.
        member_roles: ids of the member's roles, ``@everyone`` not among them.
    """
    if user_id and user_id == owner_id:
        return ALL_PERMISSIONS
    have = role_permissions.get(guild_id, 0)
    for role in member_roles:
        have |= role_permissions.get(role, 0)
    return ALL_PERMISSIONS if have & Permission.ADMINISTRATOR else have


def invite_url(application_id: str, permissions: int, *, guild_id: str = "") -> str:
    """Return the link by which a person with "Manage Server" adds the bot, or grants it more.

    ``guild_id`` chooses the server in that page.
    """
    query = {"client_id": application_id, "scope": "bot", "permissions": str(permissions)}
    if guild_id:
        query |= {"guild_id": guild_id, "disable_guild_select": "true"}
    return f"{INVITE_BASE}?{urlencode(query)}"


def explain(lacking: Sequence[str], *, where: str, application_id: str = "", need: int = 0, guild_id: str = "") -> str:
    """Return the sentence for a person: what the bot lacks, where, and the invite that grants all of ``need``."""
    words = _listed(lacking)
    sentence = f"the bot lacks {words} in {where}" if words else f"the bot lacks a permission in {where}"
    if not need:
        return sentence
    link = f": {invite_url(application_id, need, guild_id=guild_id)}" if application_id else ""
    return f"{sentence}; invite it with permissions={need}{link}"


def _listed(lacking: Sequence[str]) -> str:
    if len(lacking) < 2:
        return "".join(lacking)
    return f"{', '.join(lacking[:-1])} and {lacking[-1]}"
