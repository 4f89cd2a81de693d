"""Webhook messages as frozen values, and the JSON that Discord takes.

``to_json`` leaves out what is not set: Discord refuses empty strings where it would accept absence.
https://docs.discord.com/developers/resources/message#embed-object
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EmbedField:
    """A name and a value, beside others when ``inline``."""

    name: str
    value: str
    inline: bool = False

    def to_json(self) -> Json:
        """Return Discord's form."""
        return {"name": self.name, "value": self.value} | ({"inline": True} if self.inline else {})


@dataclass(frozen=True, slots=True)
class EmbedAuthor:
    """The small line above the title."""

    name: str
    url: str = ""
    icon_url: str = ""

    def to_json(self) -> Json:
        """Return Discord's form."""
        return _present({"name": self.name, "url": self.url, "icon_url": self.icon_url})


@dataclass(frozen=True, slots=True)
class EmbedFooter:
    """The small line below."""

    text: str
    icon_url: str = ""

    def to_json(self) -> Json:
        """Return Discord's form."""
        return _present({"text": self.text, "icon_url": self.icon_url})


@dataclass(frozen=True, slots=True, kw_only=True)
class Embed:
    """One card of a message. Limits are in ``limits.py``; ``text_chars`` is its part of the 6000."""

    title: str = ""
    description: str = ""
    url: str = ""
    color: int | None = None
    timestamp: datetime | None = None
    fields: tuple[EmbedField, ...] = ()
    author: EmbedAuthor | None = None
    footer: EmbedFooter | None = None
    image_url: str = ""
    thumbnail_url: str = ""

    @property
    def text_chars(self) -> int:
        """Code points that count towards the 6000 of a message, trimmed as Discord trims them."""
        texts = [self.title, self.description]
        texts += [part for item in self.fields for part in (item.name, item.value)]
        if self.footer:
            texts.append(self.footer.text)
        if self.author:
            texts.append(self.author.name)
        return sum(len(text.strip()) for text in texts)

    def to_json(self) -> Json:
        """Return Discord's form."""
        return _present(
            {
                "title": self.title,
                "description": self.description,
                "url": self.url,
                "color": self.color,
                "timestamp": self.timestamp and self.timestamp.astimezone(UTC).isoformat(timespec="milliseconds"),
                "fields": [item.to_json() for item in self.fields],
                "author": self.author and self.author.to_json(),
                "footer": self.footer and self.footer.to_json(),
                "image": self.image_url and {"url": self.image_url},
                "thumbnail": self.thumbnail_url and {"url": self.thumbnail_url},
            }
        )


@dataclass(frozen=True, slots=True)
class AllowedMentions:
    """Who a message may ping: exactly these ids, never what its text says."""

    users: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def to_json(self) -> Json:
        """Return Discord's form; ``parse`` is always there and always empty."""
        return {"parse": []} | _present({"users": list(self.users), "roles": list(self.roles)})


NOBODY = AllowedMentions()


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file of a message.

    ``open`` gives its content anew for each attempt: bytes, or a binary file that the caller closes. A file that can
    be opened only once says ``reopenable=False``, and its message is attempted once.
    """

    filename: str
    open: Callable[[], bytes | IO[bytes]]
    size_bytes: int
    content_type: str = "application/octet-stream"
    description: str = ""
    reopenable: bool = True


_ACTION_ROW = 1
_BUTTON = 2
_LINK = 5
BUTTONS_IN_A_ROW = 5


@dataclass(frozen=True, slots=True)
class LinkButton:
    """A button below a message that opens an address; ``emoji`` is a sign, or ``name:id`` of a server's own one.

    https://docs.discord.com/developers/components/reference#button
    """

    label: str
    url: str
    emoji: str = ""

    def to_json(self) -> Json:
        """Return Discord's form."""
        name, _, emoji_id = self.emoji.removeprefix("a:").partition(":")
        emoji = _present({"name": name, "id": emoji_id, "animated": self.emoji.startswith("a:")})
        return {"type": _BUTTON, "style": _LINK, "url": self.url} | _present({"label": self.label, "emoji": emoji})


def _rows(buttons: tuple[LinkButton, ...]) -> list[Json]:
    return [
        {
            "type": _ACTION_ROW,
            "components": [button.to_json() for button in buttons[start : start + BUTTONS_IN_A_ROW]],
        }
        for start in range(0, len(buttons), BUTTONS_IN_A_ROW)
    ]


SUPPRESS_NOTIFICATIONS = 1 << 12
"""Message flag: delivered without a sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One webhook message to be created, or the new state of one to be edited."""

    content: str = ""
    embeds: tuple[Embed, ...] = ()
    files: tuple[FilePart, ...] = ()
    username: str = ""
    avatar_url: str = ""
    thread_name: str = ""
    buttons: tuple[LinkButton, ...] = ()
    """At most 25, five a row."""
    clears_buttons: bool = False
    """Of an edit: those that the message has in Discord go, also where it gets no others."""
    thread_id: str = ""
    """Thread that it goes to, or is in; the webhook's own where that has one and this is not set."""
    flags: int = 0
    allowed_mentions: AllowedMentions = field(default=NOBODY)
    kept_file_ids: tuple[str, ...] | None = None
    """Of an edit: the files in Discord that stay; None: all of them, unless new ones come."""

    def to_json(self) -> Json:
        """Return the body for creating the message.

        ``attachments`` names the files by their index, as text: the published contract types ids so.
        """
        return _present(
            {
                "content": self.content,
                "embeds": [embed.to_json() for embed in self.embeds],
                "username": self.username,
                "avatar_url": self.avatar_url,
                "thread_name": self.thread_name,
                "components": _rows(self.buttons),
                "flags": self.flags,
                "attachments": [
                    _present({"filename": part.filename, "description": part.description}) | {"id": str(index)}
                    for index, part in enumerate(self.files)
                ],
            }
        ) | {"allowed_mentions": self.allowed_mentions.to_json()}


def _present(json: Json) -> Json:
    """Return the entries that say something; 0 as a colour does, as flags it does not."""
    return {key: value for key, value in json.items() if value or (key == "color" and value is not None)}
