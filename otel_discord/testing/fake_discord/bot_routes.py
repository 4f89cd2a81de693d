"""The paths that bots use: pattern, and the operation of each method by its name in Discord's contract."""

import re
from typing import Final

_GUILD: Final = r"/guilds/(?P<guild_id>\d+)"
_CHANNEL: Final = r"/channels/(?P<channel_id>\d+)"
_MESSAGE: Final = _CHANNEL + r"/messages/(?P<message_id>\d+)"

_BY_PATH: Final[dict[str, dict[str, str]]] = {
    _CHANNEL + "/messages": {"POST": "create_message", "GET": "list_messages"},
    _MESSAGE: {"GET": "get_message", "PATCH": "update_message", "DELETE": "delete_message"},
    _CHANNEL: {"GET": "get_channel", "PATCH": "update_channel", "DELETE": "delete_channel"},
    _CHANNEL + "/webhooks": {"GET": "list_channel_webhooks", "POST": "create_webhook"},
    _CHANNEL + "/threads": {"POST": "create_thread"},
    _MESSAGE + "/threads": {"POST": "create_thread_from_message"},
    _CHANNEL + "/threads/archived/public": {"GET": "list_public_archived_threads"},
    r"/webhooks/(?P<webhook_id>\d+)": {"GET": "get_webhook", "PATCH": "update_webhook", "DELETE": "delete_webhook"},
    _GUILD: {"GET": "get_guild"},
    _GUILD + "/channels": {
        "GET": "list_guild_channels",
        "POST": "create_guild_channel",
        "PATCH": "bulk_update_guild_channels",
    },
    _GUILD + "/webhooks": {"GET": "get_guild_webhooks"},
    _GUILD + "/threads/active": {"GET": "get_active_guild_threads"},
    _GUILD + "/roles": {"GET": "list_guild_roles"},
    _GUILD + r"/members/(?P<user_id>\d+)": {"GET": "get_guild_member"},
    "/users/@me": {"GET": "get_my_user"},
    "/users/@me/guilds": {"GET": "list_my_guilds"},
    "/oauth2/applications/@me": {"GET": "get_my_oauth2_application"},
    "/applications/@me": {"GET": "get_my_application"},
}

BOT_ROUTES: Final = tuple((re.compile(path), operations) for path, operations in _BY_PATH.items())
"""In the order in which they are tried; no path fits two."""
