"""What a small Discord holds: channels, webhooks, messages and the journal of everything done to them."""

import random
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from otel_discord.testing.fake_discord.form_files import Upload
from otel_discord.testing.fake_discord.guilds import AuditEntry, FakeBot, FakeGuild
from otel_discord.testing.fake_discord.permissions import RUN_SERVICE, FakeOverwrite
from otel_discord.testing.fake_discord.snowflake import Snowflakes

TEXT, CATEGORY, ANNOUNCEMENT, FORUM, MEDIA = 0, 4, 5, 15, 16
ANNOUNCEMENT_THREAD, THREAD, PRIVATE_THREAD = 10, 11, 12
"""Channel types. https://docs.discord.com/developers/resources/channel#channel-object-channel-types"""

_TOKEN_CHARS = string.ascii_letters + string.digits + "-_"
_BEGINNING_S = 1_767_225_600.0
"""Unix time of ids made before the first request: 2026-01-01."""

Json = dict[str, Any]


@dataclass(slots=True)
class FakeChannel:
    """A channel or category; or a thread, whose ``parent_id`` is the channel that it is in."""

    id: str
    name: str
    type: int = TEXT
    guild_id: str = ""
    parent_id: str = ""
    requires_tag: bool = False
    locked: bool = False
    topic: str = ""
    overwrites: list[FakeOverwrite] = field(default_factory=list)
    position: int = 0
    made_by: str = ""
    """The bot that made it; of threads their owner."""
    archived: bool = False
    archived_wall_s: float = 0.0
    """When a thread was archived or taken out of the archive."""
    created_wall_s: float = _BEGINNING_S
    message_count: int = 0
    archives_after_min: int = 4320
    """A thread without messages for so long is archived by itself."""
    active_wall_s: float = 0.0
    """Of a thread: its last message, or when it left the archive; 0 where the fake has not looked yet."""

    def wake(self, wall_s: float) -> None:
        """Note a message in a thread, which takes it out of its archive."""
        if self.archived:
            self.archived, self.archived_wall_s = False, wall_s
        self.active_wall_s = wall_s

    @property
    def is_forum(self) -> bool:
        """Whether messages live in threads only."""
        return self.type in {FORUM, MEDIA}

    @property
    def is_category(self) -> bool:
        """Whether it holds channels."""
        return self.type == CATEGORY

    @property
    def is_thread(self) -> bool:
        """Whether it is a thread, or a post of a forum."""
        return self.type in {ANNOUNCEMENT_THREAD, THREAD, PRIVATE_THREAD}


@dataclass(slots=True)
class FakeWebhook:
    """A webhook; ``url`` holds its token as a copied URL does."""

    id: str
    token: str
    channel_id: str
    guild_id: str
    state: "State" = field(repr=False, compare=False)
    name: str = "Spidey Bot"
    avatar: str | None = None
    made_by: str = ""
    """The bot that made it; "" for a person."""

    @property
    def url(self) -> str:
        """The webhook's URL under the fake's endpoint."""
        return f"{self.state.endpoint}/webhooks/{self.id}/{self.token}"

    def __repr__(self) -> str:
        return f"FakeWebhook(id={self.id!r}, channel_id={self.channel_id!r})"


@dataclass(frozen=True, slots=True)
class FakeFile:
    """A stored file of a message."""

    id: str
    filename: str
    title: str
    description: str
    data: bytes
    content_type: str


@dataclass(slots=True)
class FakeMessage:
    """A message as it stands now; what it was before is in the journal."""

    id: str
    channel_id: str
    webhook_id: str
    username: str
    arrived_at_s: float
    created_wall_s: float
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    files: list[FakeFile] = field(default_factory=list)
    flags: int = 0
    tts: bool = False
    pinged: tuple[str, ...] = ()
    """Whom it pinged when created: ``user:1``, ``role:2``, ``everyone``."""
    edited_wall_s: float | None = None
    edits: int = 0
    deleted: bool = False
    author_id: str = ""
    """The bot that wrote it; "" where a webhook did."""
    nonce: str = ""

    def texts(self) -> list[str]:
        """Return every text that a reader sees, in order: content, then each embed's parts, then text files."""
        found = [self.content]
        for embed in self.embeds:
            found += [embed.get("author", {}).get("name", ""), embed.get("title", ""), embed.get("description", "")]
            found += [part for entry in embed.get("fields", []) for part in (entry["name"], entry["value"])]
            found.append(embed.get("footer", {}).get("text", ""))
        found += [file.data.decode("utf-8", "replace") for file in self.files if file.filename.endswith(".txt")]
        return [text for text in found if text]


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One change: what was asked, with which files, and when it arrived."""

    kind: Literal["created", "edited", "deleted"]
    at_s: float
    exchange: int
    webhook_id: str
    channel_id: str
    message_id: str
    json: Json
    files: tuple[Upload, ...] = ()


class State:
    """Everything that requests change."""

    def __init__(self, seed: int, endpoint: str) -> None:
        self.endpoint = endpoint
        self.snowflakes = Snowflakes()
        self.channels: dict[str, FakeChannel] = {}
        self.webhooks: dict[str, FakeWebhook] = {}
        self.messages: dict[str, FakeMessage] = {}
        self.journal: list[JournalEntry] = []
        self.bots: dict[str, FakeBot] = {}
        """By token."""
        self.guilds: dict[str, FakeGuild] = {}
        self.audit: list[AuditEntry] = []
        self._dice = random.Random(seed)
        self.guild_id = self.snowflakes.next(_BEGINNING_S)
        self.guilds[self.guild_id] = FakeGuild(self.guild_id, "Fake", "", self)

    def add_bot(
        self, token: str = "", *, name: str = "Runner", application_id: str = "", message_content: bool = True
    ) -> FakeBot:
        """Add a bot, in no guild yet."""
        bot_id = self._id()
        bot = FakeBot(
            bot_id, token or f"made-up-token-of.bot.{bot_id}", name, application_id or bot_id, message_content
        )
        self.bots[bot.token] = bot
        return bot

    def add_guild(
        self, name: str = "Guild", *, bots: Sequence[FakeBot] = (), permissions: int = RUN_SERVICE
    ) -> FakeGuild:
        """Add a guild without channels; its bots have the permissions."""
        guild = FakeGuild(self._id(), name, self._id(), self)
        self.guilds[guild.id] = guild
        for bot in bots:
            guild.permissions[bot.id] = permissions
            guild.role_ids[bot.id] = self._id()
        return guild

    def add_channel(
        self,
        name: str = "alerts",
        *,
        type: int = TEXT,  # noqa: A002 - Discord's name
        requires_tag: bool = False,
        guild_id: str = "",
        parent_id: str = "",
        topic: str = "",
        overwrites: Sequence[FakeOverwrite] | None = None,
        wall_s: float = _BEGINNING_S,
    ) -> FakeChannel:
        """Add a channel to a guild; without ``overwrites`` it takes its category's. Nothing is too many here."""
        channel = FakeChannel(
            self.snowflakes.next(wall_s), name, type, guild_id or self.guild_id, requires_tag=requires_tag
        )
        parent = self.channels.get(parent_id)
        channel.parent_id, channel.topic, channel.created_wall_s = parent_id, topic, wall_s
        channel.position = len(self.channels)
        channel.overwrites = list(parent.overwrites if overwrites is None and parent is not None else overwrites or ())
        self.channels[channel.id] = channel
        return channel

    def add_thread(
        self,
        parent: FakeChannel,
        name: str = "thread",
        *,
        type: int = THREAD,  # noqa: A002 - Discord's name
        wall_s: float = _BEGINNING_S,
        thread_id: str = "",
    ) -> FakeChannel:
        """Add a thread to a channel."""
        thread = FakeChannel(
            thread_id or self.snowflakes.next(wall_s), name, type, parent.guild_id, parent_id=parent.id
        )
        thread.created_wall_s = thread.archived_wall_s = wall_s
        self.channels[thread.id] = thread
        return thread

    def archive_idle_threads(self, wall_s: float) -> None:
        """Archive the threads in which nobody has written for long."""
        for thread in self.channels.values():
            if not thread.is_thread or thread.archived:
                continue
            thread.active_wall_s = thread.active_wall_s or wall_s
            ends_s = thread.active_wall_s + thread.archives_after_min * 60
            if wall_s >= ends_s:
                thread.archived, thread.archived_wall_s = True, ends_s

    def add_webhook(
        self,
        channel: FakeChannel | None = None,
        *,
        name: str = "Spidey Bot",
        made_by: str = "",
        wall_s: float = _BEGINNING_S,
    ) -> FakeWebhook:
        """Add a webhook to a channel, to a new one if none is given."""
        channel = channel or self.add_channel()
        webhook_id = self.snowflakes.next(wall_s)
        webhook = FakeWebhook(webhook_id, self.new_token(), channel.id, channel.guild_id, self, name, made_by=made_by)
        self.webhooks[webhook.id] = webhook
        return webhook

    def delete_webhook(self, webhook: FakeWebhook) -> None:
        """Remove a webhook, as a person would in the channel's settings."""
        self.webhooks.pop(webhook.id, None)

    def rotate_token(self, webhook: FakeWebhook) -> None:
        """Give a webhook another token; its former URL is refused with 50027."""
        webhook.token = self.new_token()

    def delete_channel(self, channel: FakeChannel) -> None:
        """Remove a channel with its threads and webhooks; the channels of a category stay and are in none."""
        self.channels.pop(channel.id, None)
        for child in [each for each in self.channels.values() if each.parent_id == channel.id]:
            if child.is_thread:
                del self.channels[child.id]
            else:
                child.parent_id = ""
        for webhook in [each for each in self.webhooks.values() if each.channel_id == channel.id]:
            del self.webhooks[webhook.id]

    def new_token(self) -> str:
        """Return a token as Discord makes them: 68 characters, any of which may be first."""
        return "".join(self._dice.choices(_TOKEN_CHARS, k=68))

    def _id(self) -> str:
        return self.snowflakes.next(_BEGINNING_S)
