"""From method and path to an operation of Discord's contract, and which API version was asked."""

import re
from dataclasses import dataclass
from typing import Final

from otel_discord.testing.fake_discord.bot_routes import BOT_ROUTES

_API: Final = re.compile(r"/api(?:/v(\d+))?(/.*)")
_TEMPLATES: Final = (
    (
        re.compile(r"/webhooks/(?P<webhook_id>\d+)/(?P<token>[\w-]+)"),
        "/webhooks/{webhook_id}/{token}",
        {
            "POST": "execute_webhook",
            "GET": "get_webhook_by_token",
            "PATCH": "update_webhook_by_token",
            "DELETE": "delete_webhook_by_token",
        },
    ),
    (
        re.compile(r"/webhooks/(?P<webhook_id>\d+)/(?P<token>[\w-]+)/messages/(?P<message_id>\d+)"),
        "/webhooks/{webhook_id}/{token}/messages/{message_id}",
        {"GET": "get_webhook_message", "PATCH": "update_webhook_message", "DELETE": "delete_webhook_message"},
    ),
)
_SAME_HASH: Final = {
    "execute_webhook": "message",
    "get_webhook_message": "message",
    "update_webhook_message": "message",
    "delete_webhook_message": "message",
}
"""POST and PATCH of messages share a hash and count apart (discord/discord-api-docs#1442, #8073)."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. ``operation`` is "" for a path without one, ``methods`` then says whether others fit."""

    operation: str = ""
    webhook_id: str = ""
    token: str = ""
    message_id: str = ""
    version: int = 0
    """0 where the path names none; that is v6."""
    wrong_method: bool = False
    for_bots: bool = False
    """Whether the operation asks for a bot's token."""
    guild_id: str = ""
    channel_id: str = ""
    user_id: str = ""

    @property
    def major(self) -> str:
        """The id that limits are counted by: of a webhook, a channel or a guild."""
        return self.webhook_id or self.channel_id or self.guild_id

    @property
    def legacy(self) -> bool:
        """Whether answers are in the style of v6 and v7."""
        return self.version in {0, 6, 7}

    @property
    def hash_template(self) -> str:
        """What the bucket's hash is made of; never an id."""
        return _SAME_HASH.get(self.operation, self.operation if self.for_bots else "webhook")


def find_route(method: str, path: str) -> Route:
    """Return the route of a request; its ``operation`` is "" where there is none."""
    api = _API.fullmatch(path)
    if not api:
        return Route()
    version = int(api[1] or 0)
    for pattern, _, operations in _TEMPLATES:
        found = pattern.fullmatch(api[2])
        if found:
            ids = found.groupdict()
            return Route(
                operations.get(method.upper(), ""),
                ids["webhook_id"],
                ids["token"],
                ids.get("message_id", ""),
                version,
                wrong_method=method.upper() not in operations,
            )
    for pattern, operations in BOT_ROUTES:
        found = pattern.fullmatch(api[2])
        if found:
            operation = operations.get(method.upper(), "")
            return Route(operation, version=version, wrong_method=not operation, for_bots=True, **found.groupdict())
    return Route(version=version)
