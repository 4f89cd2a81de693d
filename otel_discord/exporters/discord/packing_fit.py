"""One message of exactly these cards, however long they have grown: for edits and for digests. Pure functions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from otel_discord.discord_api import limits
from otel_discord.discord_api.bodies import SUPPRESS_EMBEDS
from otel_discord.discord_api.models import LinkButton, Message
from otel_discord.exporters.discord.packing import TEXT_SEPARATOR, Parcel, Room, files_within
from otel_discord.exporters.discord.render import Rendered
from otel_discord.templating.cutting import cut_middle

_RENAMING_CHARS: Final = 9
"""A file's other name (``trace-10.txt``), or that it is left out, may be so much longer."""


def fit_all(
    cards: Sequence[Rendered],
    *,
    max_total_chars: int = limits.EMBEDS_TOTAL_CHARS,
    max_content_chars: int = limits.CONTENT_CHARS,
    max_files: int = limits.FILES_PER_MESSAGE,
    max_bytes: int = limits.FILES_TOTAL_BYTES,
    max_file_bytes: int = limits.FILE_MAX_BYTES,
) -> Message:
    """Return one message of all cards: at most ten, in their order.

    Where they are too long, what can be spared goes first, from the last card on, then the longest texts are cut. Files
    that are too many or too large are left out.

    Raises:
        ValueError: there are no cards.
    """
    if not cards:
        raise ValueError("there is nothing to pack")
    kept = list(cards)
    room = Room(max_total_chars, max_content_chars, max_files, max_bytes)
    for place in range(len(kept) - 1, -1, -1):
        if _is_short_enough(kept, room):
            break
        kept[place] = replace(kept[place].shorter or kept[place], files=kept[place].files)
    if not _is_short_enough(kept, room):
        kept = _shortened(kept, room)
    parcel = Parcel()
    for card in kept:
        files_left = max_files - len(parcel.files)
        bytes_left = max_bytes - sum(part.size_bytes for part in parcel.files)
        parcel = parcel.with_card(card, files_within(card.files, files_left, bytes_left, max_file_bytes))
    content = cut_middle(parcel.content, max_content_chars, markdown=True)
    flags = SUPPRESS_EMBEDS if content and not parcel.embeds else 0
    parts = cards[0].parts
    return Message(
        content=content,
        embeds=parcel.embeds,
        files=parcel.files,
        username=parts.username,
        avatar_url=parts.avatar_url,
        thread_name=parts.thread_name,
        buttons=_buttons(cards),
        flags=flags,
    )


def _buttons(cards: Sequence[Rendered]) -> tuple[LinkButton, ...]:
    """Return the buttons of all cards, each once."""
    return tuple(dict.fromkeys(button for card in cards for button in card.parts.buttons))[: limits.BUTTONS]


def fit_again(
    cards: Sequence[Rendered],
    *,
    max_content_chars: int = limits.CONTENT_CHARS,
    max_file_bytes: int = limits.FILE_MAX_BYTES,
) -> Message:
    """Return all cards of a posted message as one message again, for an edit: as many embeds, in the same order.

    Files are not sent again, so the message has none, but its texts name them as they were named at first: for that
    the cards come with the same files.

    Raises:
        ValueError: there are no cards.
    """
    return replace(fit_all(cards, max_content_chars=max_content_chars, max_file_bytes=max_file_bytes), files=())


def _is_short_enough(cards: Sequence[Rendered], room: Room) -> bool:
    embeds_chars = sum(_chars(card) for card in cards if card.embed)
    content_chars = sum(_chars(card) for card in cards if not card.embed)
    return embeds_chars <= room.total_chars and content_chars <= room.content_chars + len(TEXT_SEPARATOR)


def _chars(card: Rendered) -> int:
    """Return what a card takes of its message's room, with some for what becomes of its files' names."""
    return (card.embed.text_chars if card.embed else len(card.content)) + _rest_chars(card)


def _rest_chars(card: Rendered) -> int:
    return _RENAMING_CHARS * len(card.files) + (0 if card.embed else len(TEXT_SEPARATOR))


def _shortened(cards: Sequence[Rendered], room: Room) -> list[Rendered]:
    """Return the cards, the longest ones cut so that all together fit."""
    sizes = [_chars(card) for card in cards]
    bounds = _shares(sizes, room.total_chars if any(card.embed for card in cards) else room.content_chars)
    return [
        card if size <= bound else _cut(card, max(1, bound - _rest_chars(card)))
        for card, size, bound in zip(cards, sizes, bounds, strict=True)
    ]


def _shares(sizes: Sequence[int], room: int) -> list[int]:
    """Return how much each may take: what is small stays whole, the rest is shared alike."""
    bounds = [0] * len(sizes)
    left = len(sizes)
    for place in sorted(range(len(sizes)), key=sizes.__getitem__):
        bounds[place] = min(sizes[place], room // left)
        room -= bounds[place]
        left -= 1
    return bounds


def _cut(card: Rendered, max_chars: int) -> Rendered:
    """Return the card with at most so many code points: from its description first, then fields, then the rest."""
    if card.embed is None:
        return replace(card, content=cut_middle(card.content, max_chars, markdown=True))
    embed = card.embed
    others = embed.text_chars - len(embed.description.strip())
    embed = replace(embed, description=cut_middle(embed.description, max(0, max_chars - others), markdown=True))
    while embed.fields and embed.text_chars > max_chars:
        embed = replace(embed, fields=embed.fields[:-1])
    if embed.text_chars > max_chars:
        embed = replace(embed, footer=None, author=None)
    if embed.text_chars > max_chars:
        embed = replace(embed, title=cut_middle(embed.title, max_chars - len(embed.description), markdown=True))
    if not (embed.title or embed.description or embed.fields):  # its only field was too long
        words = next((item.value for item in card.embed.fields), "…")
        embed = replace(embed, description=cut_middle(words, max_chars, markdown=True) or "…", footer=None, author=None)
    return replace(card, embed=embed)
