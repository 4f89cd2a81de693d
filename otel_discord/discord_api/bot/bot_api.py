"""What a bot asks of Discord, one request each. ``BotClient`` is the implementation.

No exceptions for what Discord or the network does. Each call waits for its turn within the bot's limits; where that, or
a 429, would take longer than the client's ``patience_s``, the answer is ``Limited`` at once. 429s are waited for and
repeated within that time; nothing else is repeated. ``reason`` goes into the guild's audit log.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from otel_discord.config import Secret
from otel_discord.discord_api.bot.answers import Done, Failure

TEXT, CATEGORY, FORUM, PUBLIC_THREAD = 0, 4, 15, 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Overwrite:
    """Permissions of one role or member in a channel, as bits."""

    id: str
    is_member: bool = False
    allow: int = 0
    deny: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BotUser:
    """Who the bot is."""

    id: str
    name: str
    application_id: str = ""
    """For the invite; the bot's own id where Discord does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guild:
    """A guild, with what the bot may do in it (owner, administrator and roles considered; no channel's overwrites)."""

    id: str
    name: str
    permissions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel, category or thread."""

    id: str
    guild_id: str
    type: int
    name: str
    parent_id: str = ""
    topic: str = ""
    position: int = 0
    overwrites: tuple[Overwrite, ...] = ()
    owner_id: str = ""
    """Of threads: who opened it."""
    is_archived: bool = False
    archived_at: str = ""
    """Of a thread, as Discord writes it: when it was archived, or taken out of the archive."""
    is_locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChannel:
    """A channel to be. ``overwrites`` None: as its category's."""

    name: str
    type: int = TEXT
    parent_id: str = ""
    topic: str = ""
    overwrites: tuple[Overwrite, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook. ``token`` is empty where Discord does not tell it (others' webhooks)."""

    id: str
    channel_id: str
    name: str
    token: Secret = field(default=Secret(""))
    application_id: str = ""
    user_id: str = ""
    """Who made it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedByBot:
    """A message of the bot, as Discord's JSON."""

    id: str
    channel_id: str
    json: dict[str, Any]


class BotApi(Protocol):
    """The requests."""

    async def me(self) -> Done[BotUser] | Failure:
        """GET /users/@me: who the token belongs to."""
        ...

    async def guilds(self) -> Done[Sequence[Guild]] | Failure:
        """GET /users/@me/guilds, all pages: where the bot is, with its permissions there."""
        ...

    async def guild(self, guild_id: str) -> Done[Guild] | Failure:
        """One of them; NotThere(10004) where the bot is not in it."""
        ...

    async def channels(self, guild_id: str) -> Done[Sequence[Channel]] | Failure:
        """GET /guilds/{id}/channels: all but threads."""
        ...

    async def channel(self, channel_id: str) -> Done[Channel] | Failure:
        """GET /channels/{id}; threads too."""
        ...

    async def create_channel(self, guild_id: str, new: NewChannel, *, reason: str) -> Done[Channel] | Failure:
        """POST /guilds/{id}/channels. Not idempotent: after ``Failed(ambiguous=True)`` look before you repeat."""
        ...

    async def edit_channel(
        self,
        channel_id: str,
        *,
        reason: str,
        parent_id: str | None = None,
        overwrites: Sequence[Overwrite] | None = None,
        archived: bool | None = None,
        locked: bool | None = None,
    ) -> Done[Channel] | Failure:
        """PATCH /channels/{id} with what is not None, and never name or topic; the last two are for threads."""
        ...

    async def delete_channel(self, channel_id: str, *, reason: str) -> Done[None] | Failure:
        """DELETE /channels/{id}: channel or thread, for good."""
        ...

    async def create_webhook(self, channel_id: str, name: str, *, reason: str) -> Done[Webhook] | Failure:
        """POST /channels/{id}/webhooks. Not idempotent."""
        ...

    async def webhooks(self, channel_id: str) -> Done[Sequence[Webhook]] | Failure:
        """GET /channels/{id}/webhooks; tokens of the bot's own."""
        ...

    async def guild_webhooks(self, guild_id: str) -> Done[Sequence[Webhook]] | Failure:
        """GET /guilds/{id}/webhooks."""
        ...

    async def delete_webhook(self, webhook_id: str, *, reason: str) -> Done[None] | Failure:
        """DELETE /webhooks/{id}."""
        ...

    async def post(self, channel_id: str, message: dict[str, Any], *, nonce: str = "") -> Done[PostedByBot] | Failure:
        """POST /channels/{id}/messages; ``nonce`` (at most 25 characters) makes a repeat within minutes harmless."""
        ...

    async def edit_message(
        self, channel_id: str, message_id: str, message: dict[str, Any]
    ) -> Done[PostedByBot] | Failure:
        """PATCH /channels/{id}/messages/{id}; ``allowed_mentions`` goes along on every edit."""
        ...

    async def messages(
        self, channel_id: str, *, limit: int = 50, after: str = ""
    ) -> Done[Sequence[PostedByBot]] | Failure:
        """GET /channels/{id}/messages: anybody's, oldest first where ``after`` is given."""
        ...

    async def start_thread(
        self, channel_id: str, name: str, *, reason: str, forum_message: dict[str, Any] | None = None
    ) -> Done[Channel] | Failure:
        """POST /channels/{id}/threads: a public thread, or with ``forum_message`` a post of a forum."""
        ...

    async def active_threads(self, guild_id: str) -> Done[Sequence[Channel]] | Failure:
        """GET /guilds/{id}/threads/active."""
        ...

    async def archived_threads(self, channel_id: str, *, limit: int = 100) -> Done[Sequence[Channel]] | Failure:
        """GET /channels/{id}/threads/archived/public, the latest ones; a request for each hundred."""
        ...
