"""Permission bits, and what a bot may do in a guild and in a channel.

https://docs.discord.com/developers/topics/permissions
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

MANAGE_CHANNELS: Final = 1 << 4
ADMINISTRATOR: Final = 1 << 3
VIEW_CHANNEL: Final = 1 << 10
SEND_MESSAGES: Final = 1 << 11
SEND_TTS_MESSAGES: Final = 1 << 12
MANAGE_MESSAGES: Final = 1 << 13
EMBED_LINKS: Final = 1 << 14
ATTACH_FILES: Final = 1 << 15
READ_MESSAGE_HISTORY: Final = 1 << 16
MENTION_EVERYONE: Final = 1 << 17
MANAGE_ROLES: Final = 1 << 28
MANAGE_WEBHOOKS: Final = 1 << 29
MANAGE_THREADS: Final = 1 << 34
CREATE_PUBLIC_THREADS: Final = 1 << 35
CREATE_PRIVATE_THREADS: Final = 1 << 36
SEND_MESSAGES_IN_THREADS: Final = 1 << 38
EVERYTHING: Final = (1 << 53) - 1

RUN_SERVICE: Final = (
    MANAGE_CHANNELS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | MANAGE_ROLES
    | MANAGE_WEBHOOKS
    | MANAGE_THREADS
    | CREATE_PUBLIC_THREADS
    | SEND_MESSAGES_IN_THREADS
)
"""What a service needs that gives runs their channels or threads."""

ROLE, MEMBER = 0, 1


@dataclass(frozen=True, slots=True)
class FakeOverwrite:
    """Permissions of one role (``type`` 0) or member (1) in one channel, as bits."""

    id: str
    type: int = ROLE
    allow: int = 0
    deny: int = 0


def in_channel(
    guild_bits: int, overwrites: Iterable[FakeOverwrite], *, guild_id: str, role_ids: Collection[str], member_id: str
) -> int:
    """Return what somebody may do in a channel: everyone's overwrite, then those of roles together, then the member's.

    ``guild_bits``: of the whole guild. Administrators may all; who may not see a channel may do nothing in it.
    """
    if guild_bits & ADMINISTRATOR:
        return EVERYTHING
    by_id = {(overwrite.type, overwrite.id): overwrite for overwrite in overwrites}
    everyone = by_id.get((ROLE, guild_id), FakeOverwrite(guild_id))
    bits = guild_bits & ~everyone.deny | everyone.allow
    roles = [by_id[ROLE, role_id] for role_id in role_ids if (ROLE, role_id) in by_id and role_id != guild_id]
    for overwrite in roles:
        bits &= ~overwrite.deny
    for overwrite in roles:
        bits |= overwrite.allow
    member = by_id.get((MEMBER, member_id), FakeOverwrite(member_id))
    bits = bits & ~member.deny | member.allow
    return bits if bits & VIEW_CHANNEL else 0
