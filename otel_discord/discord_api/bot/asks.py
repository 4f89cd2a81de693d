"""What each operation asks: path, body, and the permissions that it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.discord_api.bot.bot_api import CATEGORY, PUBLIC_THREAD, NewChannel, Overwrite
from otel_discord.discord_api.bot.permissions import ALL_PERMISSIONS, Permission
from otel_discord.discord_api.bot.routes import BotRoute, path_of, route_of
from otel_discord.discord_api.http import ANSWER_MAX_BYTES

LIST_MAX_BYTES: Final = 8 * 1024 * 1024
"""500 channels with long topics, 1,000 webhooks, or 100 of the longest messages."""

NONCE_CHARS: Final = 25
MESSAGES_A_PAGE: Final = 100
GUILDS_A_PAGE: Final = 200
ARCHIVED_A_PAGE: Final = 100
_MESSAGE_MAX_BYTES: Final = 256 * 1024
_LEAST_ARCHIVED: Final = 2
_QUIET_MINUTES: Final = 10_080
"""After a week without a message a thread is hidden; the longest that there is."""

_SEE, _CHANNELS, _WEBHOOKS = Permission.VIEW_CHANNEL, Permission.MANAGE_CHANNELS, Permission.MANAGE_WEBHOOKS
_THREADS, _HISTORY = Permission.MANAGE_THREADS, Permission.READ_MESSAGE_HISTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to be."""

    method: str
    template: str
    ids: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    reason: str = ""
    """For the audit log."""
    needs: Permission = Permission.NONE
    body_class: str = ""
    of_guild: bool = False
    """Whether Discord counts it, or may count it, for the whole guild of the channel that the path names."""
    answer_max_bytes: int = ANSWER_MAX_BYTES

    def route(self, guild_id: str = "") -> BotRoute:
        """Return by what Discord counts it; ``guild_id`` is that of the path's channel, "" where it is not known."""
        counted_by = (guild_id,) if self.of_guild and guild_id else self.ids
        return route_of(self.method, self.template, counted_by, self.body_class)

    @property
    def path(self) -> str:
        """Below the endpoint."""
        return path_of(self.template, self.ids)


ME: Final = Ask(method="GET", template="/users/@me")


def guilds(after: str) -> Ask:
    """A page of the bot's guilds, in the order of their ids."""
    query = {"limit": str(GUILDS_A_PAGE)} | ({"after": after} if after else {})
    return Ask(method="GET", template="/users/@me/guilds", query=query, answer_max_bytes=LIST_MAX_BYTES)


def guild(guild_id: str) -> Ask:
    """A guild with its roles."""
    return Ask(method="GET", template="/guilds/{guild_id}", ids=(guild_id,), answer_max_bytes=LIST_MAX_BYTES)


def member(guild_id: str, user_id: str) -> Ask:
    """A member of a guild."""
    return Ask(method="GET", template="/guilds/{guild_id}/members/{user_id}", ids=(guild_id, user_id))


def channels(guild_id: str) -> Ask:
    """All channels of a guild."""
    return _list("/guilds/{guild_id}/channels", guild_id, _SEE)


def channel(channel_id: str) -> Ask:
    """One channel or thread."""
    return Ask(method="GET", template="/channels/{channel_id}", ids=(channel_id,), needs=_SEE)


def create_channel(guild_id: str, new: NewChannel, reason: str) -> Ask:
    """A new channel."""
    json: dict[str, Any] = {"name": new.name, "type": new.type}
    if new.parent_id:
        json["parent_id"] = new.parent_id
    if new.topic and new.type != CATEGORY:
        json["topic"] = new.topic
    needs = _SEE | _CHANNELS
    if new.overwrites is not None:
        json["permission_overwrites"] = overwrites_json(new.overwrites)
        needs |= _to_overwrite(new.overwrites)
    template = "/guilds/{guild_id}/channels"
    return Ask(method="POST", template=template, ids=(guild_id,), json=json, reason=reason, needs=needs)


def edit_channel(
    channel_id: str,
    reason: str,
    *,
    parent_id: str | None,
    overwrites: Sequence[Overwrite] | None,
    archived: bool | None,
    locked: bool | None,
) -> Ask:
    """A change of a channel's place and permissions, or of a thread's state.

    Raises:
        ValueError: nothing is to be changed.
    """
    json: dict[str, Any] = {}
    if parent_id is not None:
        json["parent_id"] = parent_id or None
    if overwrites is not None:
        json["permission_overwrites"] = overwrites_json(overwrites)
    place = sorted(json)
    json |= {key: value for key, value in (("archived", archived), ("locked", locked)) if value is not None}
    if not json:
        raise ValueError("an edit of a channel changes something")
    needs = _SEE
    if place:
        needs |= _CHANNELS
    if overwrites is not None:
        needs |= _to_overwrite(overwrites)
    if len(json) > len(place):
        needs |= _THREADS
    return Ask(
        method="PATCH",
        template="/channels/{channel_id}",
        ids=(channel_id,),
        json=json,
        reason=reason,
        needs=needs,
        body_class="place" if place else "thread",
    )


def delete_channel(channel_id: str, reason: str, *, is_thread: bool = False) -> Ask:
    """The end of a channel or thread."""
    needs = _SEE | (_THREADS if is_thread else _CHANNELS)
    return Ask(method="DELETE", template="/channels/{channel_id}", ids=(channel_id,), reason=reason, needs=needs)


def create_webhook(channel_id: str, name: str, reason: str) -> Ask:
    """A new webhook."""
    return Ask(
        method="POST",
        template="/channels/{channel_id}/webhooks",
        ids=(channel_id,),
        json={"name": name},
        reason=reason,
        needs=_SEE | _WEBHOOKS,
        of_guild=True,
    )


def webhooks(channel_id: str) -> Ask:
    """The webhooks of a channel."""
    return _list("/channels/{channel_id}/webhooks", channel_id, _SEE | _WEBHOOKS)


def guild_webhooks(guild_id: str) -> Ask:
    """The webhooks of a guild."""
    return _list("/guilds/{guild_id}/webhooks", guild_id, _WEBHOOKS)


def delete_webhook(webhook_id: str, reason: str) -> Ask:
    """The end of a webhook."""
    template = "/webhooks/{webhook_id}"
    return Ask(method="DELETE", template=template, ids=(webhook_id,), reason=reason, needs=_WEBHOOKS)


def post(channel_id: str, message: Mapping[str, Any], nonce: str, *, is_thread: bool = False) -> Ask:
    """A message.

    Raises:
        ValueError: the nonce is too long.
    """
    if len(nonce) > NONCE_CHARS:
        raise ValueError(f"a nonce has at most {NONCE_CHARS} characters")
    json = _quiet(message)
    if nonce:
        json |= {"nonce": nonce, "enforce_nonce": True}
    return Ask(
        method="POST",
        template="/channels/{channel_id}/messages",
        ids=(channel_id,),
        json=json,
        needs=_to_post(message) | (Permission.SEND_MESSAGES_IN_THREADS if is_thread else Permission.SEND_MESSAGES),
        answer_max_bytes=_MESSAGE_MAX_BYTES,
    )


def edit_message(channel_id: str, message_id: str, message: Mapping[str, Any]) -> Ask:
    """What an own message says from now on."""
    return Ask(
        method="PATCH",
        template="/channels/{channel_id}/messages/{message_id}",
        ids=(channel_id, message_id),
        json=_quiet(message),
        needs=_to_post(message),
        answer_max_bytes=_MESSAGE_MAX_BYTES,
    )


def messages(channel_id: str, limit: int, after: str) -> Ask:
    """Some messages of a channel; Discord gives the newest first."""
    query = {"limit": str(min(max(limit, 1), MESSAGES_A_PAGE))} | ({"after": after} if after else {})
    return _list("/channels/{channel_id}/messages", channel_id, _SEE | _HISTORY, query)


def start_thread(channel_id: str, name: str, reason: str, forum_message: Mapping[str, Any] | None) -> Ask:
    """A public thread, or a post of a forum with its first message."""
    json: dict[str, Any] = {"name": name, "auto_archive_duration": _QUIET_MINUTES}
    if forum_message is None:
        json["type"] = PUBLIC_THREAD
        needs = _SEE | Permission.CREATE_PUBLIC_THREADS
    else:
        json["message"] = _quiet(forum_message)
        needs = _to_post(forum_message) | Permission.SEND_MESSAGES
    return Ask(
        method="POST",
        template="/channels/{channel_id}/threads",
        ids=(channel_id,),
        json=json,
        reason=reason,
        needs=needs,
        of_guild=True,
        answer_max_bytes=_MESSAGE_MAX_BYTES,
    )


def active_threads(guild_id: str) -> Ask:
    """The threads of a guild that are not archived."""
    return _list("/guilds/{guild_id}/threads/active", guild_id, _SEE)


def archived_threads(channel_id: str, limit: int, before: str = "") -> Ask:
    """The public threads of a channel that were archived last, before a time in Discord's words."""
    query = {"limit": str(min(max(limit, _LEAST_ARCHIVED), ARCHIVED_A_PAGE))} | ({"before": before} if before else {})
    return _list("/channels/{channel_id}/threads/archived/public", channel_id, _SEE | _HISTORY, query)


def overwrites_json(overwrites: Sequence[Overwrite]) -> list[dict[str, Any]]:
    """Return overwrites as Discord takes them: bits are strings."""
    return [
        {"id": one.id, "type": int(one.is_member), "allow": str(one.allow), "deny": str(one.deny)} for one in overwrites
    ]


def _to_overwrite(overwrites: Sequence[Overwrite]) -> Permission:
    """Return what it takes to set these: whoever allows or denies something must be allowed it.

    See discord/discord-api-docs#2524.
    """
    needs = Permission.MANAGE_ROLES if overwrites else Permission.NONE
    for one in overwrites:
        needs |= Permission((one.allow | one.deny) & ALL_PERMISSIONS)
    return needs


def _list(template: str, top_level_id: str, needs: Permission, query: Mapping[str, str] | None = None) -> Ask:
    return Ask(
        method="GET",
        template=template,
        ids=(top_level_id,),
        query=query or {},
        needs=needs,
        answer_max_bytes=LIST_MAX_BYTES,
    )


def _quiet(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message with nobody pinged where it does not say whom."""
    return {"allowed_mentions": {"parse": []}, **message}


def _to_post(message: Mapping[str, Any]) -> Permission:
    return _SEE | Permission.EMBED_LINKS if message.get("embeds") else _SEE
