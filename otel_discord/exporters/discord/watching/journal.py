"""The last messages of one exporter, with what befell each. Pure and bounded; what was sent is kept, not copied.

A message is made into JSON, and one that never went out is rendered, when somebody looks.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.component.watched_exporter import Step
from otel_discord.discord_api.models import Embed, Message

MOST_MESSAGES: Final = 100
MOST_BYTES: Final = 4 << 20
_FIRST_STEPS: Final = 4
_LAST_STEPS: Final = 12
_MESSAGE_BYTES: Final = 1_200
_EMBED_BYTES: Final = 500
_FIELD_BYTES: Final = 90
_STEP_BYTES: Final = 160


@dataclass(slots=True, eq=False, kw_only=True)
class Told:
    """One message. Times are wall time in nanoseconds."""

    key: str
    destination: str
    message: Message | None = None
    """As it was sent or as its last edit has made it, without its files; None: never sent, see ``payloads``."""
    payloads: tuple[bytes, ...] = ()
    """Stored cards of a message that was given up."""
    attachments: tuple[Mapping[str, Any], ...] = ()
    username: str = ""
    avatar_url: str = ""
    """Of the first state: an edit does not name them."""
    message_id: str = ""
    url: str = ""
    records: int = 1
    posted_ns: int = 0
    edited_ns: int = 0
    is_delivered: bool = True
    journey: list[Step] = field(default_factory=list)
    size_bytes: int = 0

    def befell(self, *steps: Step) -> None:
        """Add steps; where they are many, the first and the last are kept."""
        self.journey += steps
        if len(self.journey) > _FIRST_STEPS + _LAST_STEPS:
            self.journey = self.journey[:_FIRST_STEPS] + self.journey[-_LAST_STEPS:]

    def measure(self) -> int:
        """Return about how much memory it takes."""
        size = _MESSAGE_BYTES + sum(map(len, self.payloads))
        size += sum(_STEP_BYTES + sys.getsizeof(step.detail) for step in self.journey)
        return size + (message_bytes(self.message) if self.message is not None else 0)


@dataclass(slots=True)
class Journal:
    """Of one exporter; those that changed last are last."""

    most_messages: int = MOST_MESSAGES
    most_bytes: int = MOST_BYTES
    size_bytes: int = 0
    _told: dict[str, Told] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many messages there are."""
        return len(self._told)

    def find(self, key: str) -> Told | None:
        """Return a message that is still known."""
        return self._told.get(key)

    def put(self, told: Told) -> None:
        """Keep a message that is new or has changed; the oldest go where there is no room."""
        known = self._told.pop(told.key, None)
        if known is not None:
            self.size_bytes -= known.size_bytes
        told.size_bytes = told.measure()
        self._told[told.key] = told
        self.size_bytes += told.size_bytes
        while self._told and (len(self._told) > self.most_messages or self.size_bytes > self.most_bytes):
            oldest = self._told.pop(next(iter(self._told)))
            self.size_bytes -= oldest.size_bytes

    def newest(self) -> Iterator[Told]:
        """Yield the messages, those that changed last first."""
        return reversed(self._told.values())


def message_bytes(message: Message) -> int:
    """Return about how much memory a message takes, without its files."""
    return sys.getsizeof(message.content) + sum(map(_embed_bytes, message.embeds))


def _embed_bytes(embed: Embed) -> int:
    texts = [embed.title, embed.description, embed.url, embed.image_url, embed.thumbnail_url]
    texts += [embed.footer.text] if embed.footer else []
    texts += [embed.author.name, embed.author.url] if embed.author else []
    for each in embed.fields:
        texts += (each.name, each.value)
    return _EMBED_BYTES + len(embed.fields) * _FIELD_BYTES + sum(map(sys.getsizeof, texts))
