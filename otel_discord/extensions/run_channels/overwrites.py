"""Who may see and write in the channel of a run, while it runs and when it has ended. Pure.

Discord lets a bot name only permissions that it has in the guild itself (reference: discord.md 1.3), so everything is
cut to these. Moving a channel does not make it take its new category's permissions; they are sent along.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from otel_discord.discord_api.bot.bot_api import Overwrite
from otel_discord.extensions.run_channels.config import OverwriteConfig

ADMINISTRATOR: Final = 1 << 3
ADD_REACTIONS: Final = 1 << 6
VIEW_CHANNEL: Final = 1 << 10
SEND_MESSAGES: Final = 1 << 11
_MANAGE_CHANNELS, _EMBED_LINKS, _HISTORY, _MANAGE_WEBHOOKS = 1 << 4, 1 << 14, 1 << 16, 1 << 29
_NEW_PUBLIC_THREADS, _NEW_PRIVATE_THREADS, _SEND_IN_THREADS = 1 << 35, 1 << 36, 1 << 38
WRITING: Final = SEND_MESSAGES | ADD_REACTIONS | _NEW_PUBLIC_THREADS | _NEW_PRIVATE_THREADS | _SEND_IN_THREADS
"""What ends when a run has ended."""
_OWN_WORK: Final = VIEW_CHANNEL | SEND_MESSAGES | _MANAGE_CHANNELS | _EMBED_LINKS | _HISTORY | _MANAGE_WEBHOOKS


def of_new_channel(
    configured: Sequence[OverwriteConfig],
    *,
    category: Sequence[Overwrite],
    guild_id: str,
    bot_id: str,
    bot_permissions: int,
) -> tuple[Overwrite, ...] | None:
    """Return the permissions of a new channel; None where it only takes those of its category.

    Where everyone is kept out, the bot lets itself in: it could not post, move or delete otherwise.
    """
    if not configured:
        return None
    own = (_from_config(item) for item in configured)
    merged = {item.id: item for item in category}
    for item in own:
        known = merged.get(item.id)
        merged[item.id] = item if known is None else _over(known, item)
    everyone = merged.get(guild_id)
    if everyone is not None and everyone.deny & _OWN_WORK:
        known = merged.get(bot_id, Overwrite(id=bot_id, is_member=True))
        merged[bot_id] = replace(known, allow=known.allow | _OWN_WORK, deny=known.deny & ~_OWN_WORK)
    return _within(merged.values(), bot_permissions)


def of_archived_channel(
    channel: Sequence[Overwrite],
    category: Sequence[Overwrite],
    *,
    guild_id: str,
    bot_id: str,
    bot_permissions: int,
) -> tuple[Overwrite, ...]:
    """Return the permissions of a channel that moves to the archive: nobody writes there any more.

    Who could not see it does not see it now, and what the archive's category keeps from people it keeps from them here
    too. Roles that may write are no longer told so: what a role is allowed wins over what everyone is denied.
    """
    merged = {item.id: item for item in channel}
    for item in category:
        known = merged.get(item.id)
        merged[item.id] = item if known is None else _both(known, item)
    everyone = merged.get(guild_id, Overwrite(id=guild_id))
    merged[guild_id] = replace(everyone, deny=everyone.deny | WRITING)
    silent = (item if item.id == bot_id else replace(item, allow=item.allow & ~WRITING) for item in merged.values())
    return _within(silent, bot_permissions)


def may_silence(bot_permissions: int) -> bool:
    """Return whether a bot with these permissions can keep others from writing, where it may set overwrites."""
    return bool(bot_permissions & (ADMINISTRATOR | SEND_MESSAGES))


def _from_config(item: OverwriteConfig) -> Overwrite:
    return Overwrite(id=item.user or item.role or "", is_member=item.user is not None, allow=item.allow, deny=item.deny)


def _over(below: Overwrite, above: Overwrite) -> Overwrite:
    return replace(
        above, allow=(below.allow & ~above.deny) | above.allow, deny=(below.deny & ~above.allow) | above.deny
    )


def _both(one: Overwrite, other: Overwrite) -> Overwrite:
    deny = one.deny | other.deny
    return replace(one, allow=(one.allow | other.allow) & ~deny, deny=deny)


def _within(items: Iterable[Overwrite], bot_permissions: int) -> tuple[Overwrite, ...]:
    if bot_permissions & ADMINISTRATOR:
        return tuple(items)
    cut = (replace(item, allow=item.allow & bot_permissions, deny=item.deny & bot_permissions) for item in items)
    return tuple(item for item in cut if item.allow or item.deny)
