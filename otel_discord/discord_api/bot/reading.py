"""Discord's JSON as values; None where it is not what it should be. Nothing here raises, whatever the JSON is."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from otel_discord.config import Secret
from otel_discord.discord_api.bot.bot_api import BotUser, Channel, Overwrite, PostedByBot, Webhook
from otel_discord.discord_api.webhook_url import is_snowflake

T = TypeVar("T")

_BITS_CHARS = 40
_TOKEN_CHARS = 200


def user(json: Any) -> BotUser | None:
    """Return who the token belongs to."""
    if not _is_thing(json):
        return None
    return BotUser(id=json["id"], name=_text(json, "username"), application_id=json["id"])


def channel(json: Any) -> Channel | None:
    """Return a channel, category or thread."""
    if not _is_thing(json) or _whole(json.get("type")) is None:
        return None
    thread = json.get("thread_metadata")
    state = thread if isinstance(thread, dict) else {}
    return Channel(
        id=json["id"],
        guild_id=_id(json, "guild_id"),
        type=_whole(json["type"]) or 0,
        name=_text(json, "name"),
        parent_id=_id(json, "parent_id"),
        topic=_text(json, "topic"),
        position=_whole(json.get("position")) or 0,
        overwrites=tuple(item for item in map(_overwrite, _items(json, "permission_overwrites")) if item is not None),
        owner_id=_id(json, "owner_id"),
        is_archived=state.get("archived") is True,
        archived_at=_text(state, "archive_timestamp"),
        is_locked=state.get("locked") is True,
    )


def webhook(json: Any) -> Webhook | None:
    """Return a webhook, with its token where Discord tells it."""
    if not _is_thing(json):
        return None
    token, maker = _text(json, "token"), json.get("user")
    return Webhook(
        id=json["id"],
        channel_id=_id(json, "channel_id"),
        name=_text(json, "name"),
        token=Secret(token if len(token) <= _TOKEN_CHARS else ""),
        application_id=_id(json, "application_id"),
        user_id=_id(maker, "id") if isinstance(maker, dict) else "",
    )


def new_webhook(json: Any) -> Webhook | None:
    """Return a webhook that was just made; without its token nobody could use it."""
    made = webhook(json)
    return made if made is not None and made.token else None


def message(json: Any) -> PostedByBot | None:
    """Return a message."""
    return PostedByBot(id=json["id"], channel_id=_id(json, "channel_id"), json=json) if _is_thing(json) else None


def listed(json: Any, read: Callable[[Any], T | None]) -> Sequence[T] | None:
    """Return all of a list, or None: who looks for something must not overlook what could not be read."""
    if not isinstance(json, list):
        return None
    items = []
    for entry in json:
        item = read(entry)
        if item is None:
            return None
        items.append(item)
    return tuple(items)


def threads(json: Any) -> Sequence[Channel] | None:
    """Return the threads of a listing, which come in an object."""
    return listed(json.get("threads"), channel) if isinstance(json, dict) else None


def bits(value: object) -> int | None:
    """Return permissions, which Discord writes as a string of digits."""
    if isinstance(value, str) and 0 < len(value) <= _BITS_CHARS and value.isascii() and value.isdigit():
        return int(value)
    return _whole(value)


def by_id(first: Any) -> int:
    """Return the key by which things stand in the order of their making."""
    return int(first.id)


def role_bits(json: Any) -> dict[str, int] | None:
    """Return the permissions of a guild's roles, by id."""
    if not isinstance(json, dict) or not isinstance(json.get("roles"), list):
        return None
    found: dict[str, int] = {}
    for role in json["roles"]:
        have = bits(role.get("permissions")) if _is_thing(role) else None
        if have is None:
            return None
        found[role["id"]] = have
    return found


def member_roles(json: Any) -> tuple[str, ...] | None:
    """Return the ids of a member's roles."""
    if not isinstance(json, dict) or not isinstance(json.get("roles"), list):
        return None
    return tuple(role for role in json["roles"] if isinstance(role, str))


def guild_name(json: Any) -> tuple[str, str, str] | None:
    """Return a guild's id, name and owner."""
    return (json["id"], _text(json, "name"), _id(json, "owner_id")) if _is_thing(json) else None


def _overwrite(json: Any) -> Overwrite | None:
    if not _is_thing(json):
        return None
    allow, deny = bits(json.get("allow")), bits(json.get("deny"))
    return Overwrite(id=json["id"], is_member=json.get("type") in (1, "member"), allow=allow or 0, deny=deny or 0)


def _is_thing(json: Any) -> bool:
    return isinstance(json, dict) and bool(_id(json, "id"))


def _id(json: dict[str, Any], key: str) -> str:
    value = json.get(key)
    return value if isinstance(value, str) and is_snowflake(value) else ""


def _text(json: dict[str, Any], key: str) -> str:
    value = json.get(key)
    return value if isinstance(value, str) else ""


def _items(json: dict[str, Any], key: str) -> list[Any]:
    value = json.get(key)
    return value if isinstance(value, list) else []


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None
