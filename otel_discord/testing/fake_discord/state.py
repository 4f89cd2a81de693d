"""What a small Discord holds: channels, webhooks, messages and the journal of everything done to them."""

import random
import string
from dataclasses import dataclass, field
from typing import Any, Literal

from otel_discord.testing.fake_discord.form_files import Upload
from otel_discord.testing.fake_discord.snowflake import Snowflakes

TEXT, FORUM, MEDIA, THREAD = 0, 15, 16, 11
"""Channel types. https://docs.discord.com/developers/resources/channel#channel-object-channel-types"""

_TOKEN_CHARS = string.ascii_letters + string.digits + "-_"
_BEGINNING_S = 1_767_225_600.0
"""Unix time of ids made before the first request: 2026-01-01."""

Json = dict[str, Any]


@dataclass(slots=True)
class FakeChannel:
    """A channel, or a thread where ``parent_id`` is a channel with webhooks."""

    id: str
    name: str
    type: int = TEXT
    guild_id: str = ""
    parent_id: str = ""
    requires_tag: bool = False
    locked: bool = False

    @property
    def is_forum(self) -> bool:
        """Whether messages live in threads only."""
        return self.type in {FORUM, MEDIA}


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
        self._dice = random.Random(seed)
        self.guild_id = self.snowflakes.next(_BEGINNING_S)

    def add_channel(self, name: str = "alerts", *, type: int = TEXT, requires_tag: bool = False) -> FakeChannel:  # noqa: A002 - Discord's name
        """Add a channel to the guild."""
        channel = FakeChannel(self._id(), name, type, self.guild_id, requires_tag=requires_tag)
        self.channels[channel.id] = channel
        return channel

    def add_thread(self, parent: FakeChannel, name: str = "thread") -> FakeChannel:
        """Add a thread to a channel."""
        thread = FakeChannel(self._id(), name, THREAD, self.guild_id, parent_id=parent.id)
        self.channels[thread.id] = thread
        return thread

    def add_webhook(self, channel: FakeChannel | None = None, *, name: str = "Spidey Bot") -> FakeWebhook:
        """Add a webhook to a channel, to a new one if none is given."""
        channel = channel or self.add_channel()
        webhook = FakeWebhook(self._id(), self.new_token(), channel.id, self.guild_id, self, name)
        self.webhooks[webhook.id] = webhook
        return webhook

    def delete_webhook(self, webhook: FakeWebhook) -> None:
        """Remove a webhook, as a person would in the channel's settings."""
        self.webhooks.pop(webhook.id, None)

    def rotate_token(self, webhook: FakeWebhook) -> None:
        """Give a webhook another token; its former URL is refused with 50027."""
        webhook.token = self.new_token()

    def delete_channel(self, channel: FakeChannel) -> None:
        """Remove a channel with its threads and webhooks."""
        self.channels.pop(channel.id, None)
        for thread in [each for each in self.channels.values() if each.parent_id == channel.id]:
            del self.channels[thread.id]
        for webhook in [each for each in self.webhooks.values() if each.channel_id == channel.id]:
            del self.webhooks[webhook.id]

    def new_token(self) -> str:
        """Return a token as Discord makes them: 68 characters, any of which may be first."""
        return "".join(self._dice.choices(_TOKEN_CHARS, k=68))

    def _id(self) -> str:
        return self.snowflakes.next(_BEGINNING_S)
