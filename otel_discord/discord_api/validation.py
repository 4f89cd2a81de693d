"""The rules that our own messages keep, so that Discord never answers 400.

Lengths are code points of trimmed text. Stricter than Discord where it would accept a message and show less than was
meant: two embeds with one url, a title of blanks. Sources: https://docs.discord.com/developers/resources/message and
resources/webhook; discord/discord-api-docs#1315, #5837, #1418.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from otel_discord.discord_api import limits
from otel_discord.discord_api.bodies import SUPPRESS_EMBEDS
from otel_discord.discord_api.filenames import cleanse_filename
from otel_discord.discord_api.models import (
    SUPPRESS_NOTIFICATIONS,
    AllowedMentions,
    Embed,
    EmbedField,
    LinkButton,
    Message,
)
from otel_discord.discord_api.webhook_url import is_snowflake

_FLAGS: Final = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS
_IMAGE_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule that a message breaks, and where: ``embeds[0].title``."""

    path: str
    rule: str

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}"


def problems(message: Message, *, file_max_bytes: int = limits.FILE_MAX_BYTES) -> list[Problem]:
    """Return everything that Discord would refuse, or show differently, about ``message``; empty when it is good."""
    return list(_message(message, file_max_bytes))


def _message(message: Message, file_max_bytes: int) -> Iterator[Problem]:
    if not (message.content.strip() or message.embeds or message.files):
        yield Problem("message", "says nothing: no content, no embed, no file")
    yield from _text("content", message.content, limits.CONTENT_CHARS)
    if len(message.embeds) > limits.EMBEDS_PER_MESSAGE:
        yield Problem("embeds", f"{len(message.embeds)} embeds, {limits.EMBEDS_PER_MESSAGE} are allowed")
    total_chars = sum(embed.text_chars for embed in message.embeds)
    if total_chars > limits.EMBEDS_TOTAL_CHARS:
        yield Problem("embeds", f"{total_chars} characters in all, {limits.EMBEDS_TOTAL_CHARS} are allowed")
    names = {part.filename for part in message.files}
    for index, embed in enumerate(message.embeds):
        yield from _embed(f"embeds[{index}]", embed, names)
    yield from _same_urls(message.embeds)
    yield from _username(message.username)
    yield from _url("avatar_url", message.avatar_url)
    yield from _buttons(message.buttons)
    yield from _text("thread_name", message.thread_name, limits.THREAD_NAME_CHARS)
    if message.flags & ~_FLAGS:
        yield Problem("flags", "only SUPPRESS_EMBEDS and SUPPRESS_NOTIFICATIONS are for webhooks")
    yield from _mentions(message.allowed_mentions)
    yield from _files(message, file_max_bytes)


def _embed(path: str, embed: Embed, files: Iterable[str]) -> Iterator[Problem]:
    texts = (embed.title.strip(), embed.description.strip(), embed.image_url, embed.thumbnail_url)
    if not (any(texts) or embed.fields or embed.footer or embed.author):
        yield Problem(path, "has nothing to show")
    yield from _text(f"{path}.title", embed.title, limits.EMBED_TITLE_CHARS)
    yield from _text(f"{path}.description", embed.description, limits.EMBED_DESCRIPTION_CHARS)
    yield from _url(f"{path}.url", embed.url)
    if embed.color is not None and not 0 <= embed.color <= limits.EMBED_COLOR_MAX:
        yield Problem(f"{path}.color", f"{embed.color} is not within 0 and {limits.EMBED_COLOR_MAX}")
    if embed.timestamp is not None and (embed.timestamp.tzinfo is None or not 1 < embed.timestamp.year < 9999):
        yield Problem(f"{path}.timestamp", "needs a time zone, and a year between 2 and 9998")
    if len(embed.fields) > limits.EMBED_FIELDS:
        yield Problem(f"{path}.fields", f"{len(embed.fields)} fields, {limits.EMBED_FIELDS} are allowed")
    for index, item in enumerate(embed.fields):
        yield from _field(f"{path}.fields[{index}]", item)
    if embed.footer is not None:
        yield from _text(f"{path}.footer.text", embed.footer.text, limits.EMBED_FOOTER_CHARS, required=True)
        yield from _image(f"{path}.footer.icon_url", embed.footer.icon_url, files)
    if embed.author is not None:
        yield from _text(f"{path}.author.name", embed.author.name, limits.EMBED_AUTHOR_CHARS, required=True)
        yield from _url(f"{path}.author.url", embed.author.url)
        yield from _image(f"{path}.author.icon_url", embed.author.icon_url, files)
    yield from _image(f"{path}.image.url", embed.image_url, files)
    yield from _image(f"{path}.thumbnail.url", embed.thumbnail_url, files)


def _field(path: str, item: EmbedField) -> Iterator[Problem]:
    yield from _text(f"{path}.name", item.name, limits.EMBED_FIELD_NAME_CHARS, required=True)
    yield from _text(f"{path}.value", item.value, limits.EMBED_FIELD_VALUE_CHARS, required=True)


def _text(path: str, text: str, limit_chars: int, *, required: bool = False) -> Iterator[Problem]:
    length = len(text.strip())
    if length > limit_chars:
        yield Problem(path, f"{length} characters, {limit_chars} are allowed")
    if not length and (text or required):
        yield Problem(path, "is blank")
    if any(unicodedata.category(char) == "Cs" for char in text):
        yield Problem(path, "holds a lone surrogate, which UTF-8 cannot carry")


def _url(path: str, url: str) -> Iterator[Problem]:
    if not url:
        return
    if len(url) > limits.URL_CHARS:
        yield Problem(path, f"{len(url)} characters, {limits.URL_CHARS} are allowed")
    try:
        parts = urlsplit(url)
        _ = parts.port
        host = parts.netloc.rpartition("@")[2].partition(":")[0] if "[" not in parts.netloc else parts.netloc
        well_formed = bool(parts.hostname) and bool(_HOST.match(host))
    except ValueError:
        yield Problem(path, "is not a well-formed URL")
        return
    if parts.scheme not in {"http", "https"}:
        yield Problem(path, "must start with http:// or https://")
    elif not well_formed or any(char.isspace() or unicodedata.category(char)[0] == "C" for char in url):
        yield Problem(path, "is not a well-formed URL")


def _image(path: str, url: str, files: Iterable[str]) -> Iterator[Problem]:
    if not url.startswith("attachment://"):
        yield from _url(path, url)
        return
    name = url.removeprefix("attachment://")
    if name not in files:
        yield Problem(path, "names a file that is not attached")
    if not name.lower().endswith(_IMAGE_ENDINGS):
        yield Problem(path, f"must end in one of {', '.join(_IMAGE_ENDINGS)}")


def _same_urls(embeds: Sequence[Embed]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, embed in enumerate(embeds):
        if embed.url and embed.url in seen:
            yield Problem(f"embeds[{index}].url", "is that of an earlier embed, so Discord would hide this one")
        seen.add(embed.url)


def _username(name: str) -> Iterator[Problem]:
    yield from _text("username", name, limits.USERNAME_CHARS)
    folded = name.strip().lower()
    for part in limits.USERNAME_FORBIDDEN_PARTS:
        if part in folded:
            yield Problem("username", f"must not contain {part!r}")
    if folded in limits.USERNAME_FORBIDDEN:
        yield Problem("username", f"must not be {folded!r}")


def _buttons(buttons: Sequence[LinkButton]) -> Iterator[Problem]:
    if len(buttons) > limits.BUTTONS:
        yield Problem("components", f"{len(buttons)} buttons, {limits.BUTTONS} are allowed")
    for index, button in enumerate(buttons):
        path = f"buttons[{index}]"
        if not (button.label.strip() or button.emoji):
            yield Problem(f"{path}.label", "is blank, and there is no emoji")
        yield from _text(f"{path}.label", button.label.strip(), limits.BUTTON_LABEL_CHARS)
        yield from _url(f"{path}.url", button.url)
        if not button.url or len(button.url) > limits.BUTTON_URL_CHARS:
            yield Problem(f"{path}.url", f"has 1 to {limits.BUTTON_URL_CHARS} characters")


def _mentions(mentions: AllowedMentions) -> Iterator[Problem]:
    for path, ids in (("allowed_mentions.users", mentions.users), ("allowed_mentions.roles", mentions.roles)):
        if len(ids) > limits.ALLOWED_MENTION_IDS:
            yield Problem(path, f"{len(ids)} ids, {limits.ALLOWED_MENTION_IDS} are allowed")
        if len(set(ids)) < len(ids):
            yield Problem(path, "names an id twice")
        if not all(is_snowflake(each) for each in ids):
            yield Problem(path, "holds something that is not an id")


def _files(message: Message, file_max_bytes: int) -> Iterator[Problem]:
    if len(message.files) > limits.FILES_PER_MESSAGE:
        yield Problem("files", f"{len(message.files)} files, {limits.FILES_PER_MESSAGE} are allowed")
    total_bytes = sum(part.size_bytes for part in message.files)
    if total_bytes > limits.FILES_TOTAL_BYTES:
        yield Problem("files", f"{total_bytes} bytes in all, {limits.FILES_TOTAL_BYTES} are allowed")
    names: set[str] = set()
    for index, part in enumerate(message.files):
        path = f"files[{index}]"
        if part.filename != cleanse_filename(part.filename):
            yield Problem(f"{path}.filename", "holds characters that Discord would replace")
        if part.filename in names:
            yield Problem(f"{path}.filename", "is that of an earlier file")
        names.add(part.filename)
        if part.size_bytes > file_max_bytes:
            yield Problem(path, f"{part.size_bytes} bytes, {file_max_bytes} are allowed")
        yield from _text(f"{path}.description", part.description, limits.FILE_DESCRIPTION_CHARS)
