"""Fills a message: as many cards from the front as one message holds, in order. Pure functions.

A message takes 10 embeds, 6000 code points over all of them, 10 files and 25 MiB; two embeds with one address would be
shown as one, and two files with one name could not be told apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from otel_discord.discord_api import limits
from otel_discord.discord_api.bodies import SUPPRESS_EMBEDS
from otel_discord.discord_api.filenames import cleanse_filename
from otel_discord.discord_api.models import Embed, EmbedField, FilePart, Message
from otel_discord.exporters.discord.render import Rendered
from otel_discord.exporters.discord.render_parts import NO_PARTS
from otel_discord.templating.cutting import cut_middle

FILE_SIGN: Final = "📎 "
"""A card names its files after this sign, and the packer renames them there."""

TEXT_SEPARATOR: Final = "\n\n"
"""Between cards that are text: an empty line."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A message, and how many cards from the front it holds."""

    message: Message
    taken: int


def pack(
    cards: Iterable[Rendered],
    *,
    max_embeds: int = limits.EMBEDS_PER_MESSAGE,
    max_total_chars: int = limits.EMBEDS_TOTAL_CHARS,
    max_content_chars: int = limits.CONTENT_CHARS,
    max_files: int = limits.FILES_PER_MESSAGE,
    max_bytes: int = limits.FILES_TOTAL_BYTES,
    max_file_bytes: int = limits.FILE_MAX_BYTES,
) -> Packed:
    """Return a message of as many cards from the front as fit and want the same of their message; at least one.

    Of a card that is alone too much for a message, files are left out from its last on and its text is cut.

    Args:
        cards: not empty; read one by one, and no further than the first that does not fit.
        max_embeds: cards per message, also where they are text.
        max_total_chars: code points over all embeds.
        max_content_chars: code points of the text outside of embeds.
        max_files: files per message.
        max_bytes: of all files together.
        max_file_bytes: of one file; a greater one is left out.

    Raises:
        ValueError: there are no cards.
    """
    room = Room(max_total_chars, max_content_chars, max_files, max_bytes)
    parcel = Parcel()
    taken = 0
    parts = NO_PARTS
    for card in islice(cards, max(1, max_embeds)):
        if taken and card.parts != parts:
            break
        files = files_within(card.files, max_files, max_bytes, max_file_bytes)
        candidate = parcel.with_card(card, files)
        if taken and not candidate.fits(room):
            break
        parcel, parts = candidate, card.parts
        taken += 1
    if not taken:
        raise ValueError("there is nothing to pack")
    content = cut_middle(parcel.content, max_content_chars, markdown=True)
    message = Message(
        content=content,
        embeds=parcel.embeds,
        files=parcel.files,
        username=parts.username,
        avatar_url=parts.avatar_url,
        thread_name=parts.thread_name,
        buttons=parts.buttons,
        flags=SUPPRESS_EMBEDS if content and not parcel.embeds else 0,
    )
    return Packed(message, taken)


@dataclass(frozen=True, slots=True)
class Room:
    """What a message takes."""

    total_chars: int
    content_chars: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message in the making."""

    content: str = ""
    embeds: tuple[Embed, ...] = ()
    files: tuple[FilePart, ...] = ()
    total_chars: int = 0
    urls: frozenset[str] = field(default_factory=frozenset)
    names: frozenset[str] = field(default_factory=frozenset)

    def fits(self, room: Room) -> bool:
        """Tell whether this is still one message."""
        return (
            self.total_chars <= room.total_chars
            and len(self.content) <= room.content_chars
            and len(self.files) <= room.files
            and sum(part.size_bytes for part in self.files) <= room.bytes
        )

    def with_card(self, card: Rendered, files: tuple[FilePart, ...]) -> "Parcel":
        """Return the parcel with one more card: its files and its address made unique, its text pointing at them."""
        names = set(self.names)
        renamed: dict[str, str] = {}
        own_files = []
        kept = list(files)
        for part in card.files:
            name = _unique(cleanse_filename(part.filename), names)
            names.add(name.lower())  # also of one that is left out: an edit, which knows less, must find the same names
            if kept and kept[0] is part:
                kept.pop(0)
                renamed.setdefault(part.filename, name)
                own_files.append(part if name == part.filename else replace(part, filename=name))
        missing = {part.filename for part in card.files} - set(renamed)
        embed = card.embed and _pointing_at(card.embed, renamed, missing)
        content = _text_pointing_at(card.content, renamed, missing)
        urls = self.urls
        if embed and embed.url:
            embed = replace(embed, url=_unique_url(embed.url, urls))
            urls |= {embed.url}
        return Parcel(
            content=TEXT_SEPARATOR.join(text for text in (self.content, content) if text),
            embeds=(*self.embeds, embed) if embed else self.embeds,
            files=(*self.files, *own_files),
            total_chars=self.total_chars + (embed.text_chars if embed else 0),
            urls=urls,
            names=frozenset(names),
        )


def leave_files(message: Message, kept: tuple[FilePart, ...]) -> Message:
    """Return a packed message with only the ``kept`` ones of its files; its cards say which stayed behind.

    Where there is no room to say so, only the pictures that are gone leave the embeds.
    """
    missing = {part.filename for part in message.files} - {part.filename for part in kept}
    content = _text_pointing_at(message.content, {}, missing)
    embeds = [_pointing_at(embed, {}, missing) for embed in message.embeds]
    shown = content + "".join(embed.description for embed in embeds)
    unnamed = sorted(name for name in missing if f"{name} left out" not in shown)
    if unnamed and embeds:
        words = f"{', '.join(unnamed)} left out"
        last = embeds[-1]
        embeds[-1] = replace(last, description=f"{last.description}\n{words}" if last.description else words)
    told = replace(message, content=content, embeds=tuple(embeds), files=kept)
    if _is_within_limits(told):
        return told
    silent = tuple(
        replace(
            embed,
            image_url=_file_address(embed.image_url, {}, missing),
            thumbnail_url=_file_address(embed.thumbnail_url, {}, missing),
        )
        for embed in message.embeds
    )
    return replace(message, embeds=silent, files=kept)


def _is_within_limits(message: Message) -> bool:
    return (
        len(message.content) <= limits.CONTENT_CHARS
        and sum(embed.text_chars for embed in message.embeds) <= limits.EMBEDS_TOTAL_CHARS
        and all(len(embed.description) <= limits.EMBED_DESCRIPTION_CHARS for embed in message.embeds)
        and all(len(item.value) <= limits.EMBED_FIELD_VALUE_CHARS for embed in message.embeds for item in embed.fields)
    )


def files_within(
    files: tuple[FilePart, ...], max_files: int, max_bytes: int, max_file_bytes: int
) -> tuple[FilePart, ...]:
    """Return the files of a card that a message of its own could carry."""
    kept: list[FilePart] = []
    left = max_bytes
    for part in files:
        if len(kept) < max_files and part.size_bytes <= min(left, max_file_bytes):
            kept.append(part)
            left -= part.size_bytes
    return tuple(kept)


def _unique(name: str, taken: set[str]) -> str:
    """Return ``trace-2.txt`` when ``trace.txt`` is taken."""
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, suffix = name, ""
    candidate, number = name, 1
    while candidate.lower() in taken:
        number += 1
        candidate = f"{stem}-{number}{dot}{suffix}"
    return candidate


def _unique_url(url: str, taken: frozenset[str]) -> str:
    """Discord shows only the first of several embeds with one address."""
    if url not in taken:
        return url
    if "#" in url:
        return ""
    return next(made for number in range(2, len(taken) + 3) if (made := f"{url}#{number}") not in taken)


def _pointing_at(embed: Embed, renamed: dict[str, str], missing: set[str]) -> Embed:
    """Return the embed with its files' names in this message."""
    if not missing and all(old == new for old, new in renamed.items()):
        return embed
    footer = embed.footer and replace(embed.footer, text=_text_pointing_at(embed.footer.text, renamed, missing))
    return replace(
        embed,
        description=_text_pointing_at(embed.description, renamed, missing),
        fields=tuple(
            EmbedField(item.name, _text_pointing_at(item.value, renamed, missing), item.inline) for item in embed.fields
        ),
        footer=footer,
        image_url=_file_address(embed.image_url, renamed, missing),
        thumbnail_url=_file_address(embed.thumbnail_url, renamed, missing),
    )


def _text_pointing_at(text: str, renamed: dict[str, str], missing: set[str]) -> str:
    if FILE_SIGN not in text:
        return text
    for old, new in renamed.items():
        if old != new:
            text = text.replace(f"{FILE_SIGN}{old}", f"{FILE_SIGN}{new}")
    for name in missing:
        text = text.replace(f"{FILE_SIGN}{name}", f"{name} left out")
    return text


def _file_address(url: str, renamed: dict[str, str], missing: set[str]) -> str:
    name = url.removeprefix("attachment://")
    if name == url:
        return url
    return "" if name in missing else f"attachment://{renamed.get(name, name)}"
