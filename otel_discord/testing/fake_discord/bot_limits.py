"""Which limits a bot's request meets: its bucket, then hidden ones, then the channel's.

The numbers are observed or assumed; see ``rules``.
"""

import json
from typing import Any, Final

from otel_discord.testing.fake_discord.counters import Buckets
from otel_discord.testing.fake_discord.exchange import FakeRequest
from otel_discord.testing.fake_discord.profiles import Profile
from otel_discord.testing.fake_discord.rate_limits import Charged, Limited, RateLimits
from otel_discord.testing.fake_discord.routes import Route

_WITHOUT_HEADERS: Final = frozenset(["create_webhook", "create_guild_channel"])
"""Their answers tell of no bucket (discord/discord-api-docs#3426)."""
_COUNTED_BY_GUILD: Final = frozenset(["create_thread", "create_thread_from_message", "list_public_archived_threads"])
"""discord/discord-api-docs#8082."""


def charge_bot(
    limits: RateLimits, request: FakeRequest, route: Route, bot_id: str, guild_id: str, now_s: float, wall_s: float
) -> Charged:
    """Charge everything that a request counts to; ``guild_id`` is that of its channel."""
    profile = limits.profile
    if route.operation in _WITHOUT_HEADERS:
        buckets = profile.create_webhook if route.operation == "create_webhook" else profile.create_channel
        return Charged({}, limits.take_hidden((route.operation, bot_id, guild_id), buckets, now_s))
    posts = route.operation == "create_message"
    channel = route.channel_id if posts else None
    major = guild_id if route.operation in _COUNTED_BY_GUILD else route.major
    key = (route.operation, bot_id, major)
    charged = limits.take_bot(key, _buckets(profile, route), route.hash_template, channel, now_s, wall_s)
    if charged.limited is None and route.operation == "update_channel":
        return Charged(charged.headers, _take_sub_limits(limits, request, route, bot_id, now_s))
    return charged


def sub_limited_keys(request: FakeRequest, route: Route) -> tuple[str, ...]:
    """Return which keys of a PATCH of a channel have limits of their own."""
    if route.operation != "update_channel":
        return ()
    body = _json_of(request)
    return tuple(key for key in ("name", "topic") if key in body)


def _take_sub_limits(
    limits: RateLimits, request: FakeRequest, route: Route, bot_id: str, now_s: float
) -> Limited | None:
    by_key = {"name": limits.profile.channel_name, "topic": limits.profile.channel_topic}
    for key in sub_limited_keys(request, route):
        limited = limits.take_hidden((f"update_channel.{key}", bot_id, route.channel_id), by_key[key], now_s)
        if limited is not None:
            return limited
    return None


def _buckets(profile: Profile, route: Route) -> Buckets | None:
    match route.operation:
        case "create_message":
            return profile.bot_message
        case "update_channel":
            return profile.channel_edit
        case _:
            return profile.bot_others


def _json_of(request: FakeRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
