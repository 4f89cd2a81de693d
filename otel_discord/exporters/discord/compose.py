"""From the cards at the head of a lane to the message that goes out."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from otel_discord.component import StoredCard
from otel_discord.discord_api import limits
from otel_discord.discord_api.models import Embed, FilePart, Message
from otel_discord.exporters.discord.attachments import file_part
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.delivery import Repair
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.lateness import late_mark
from otel_discord.exporters.discord.packing import leave_files, pack
from otel_discord.exporters.discord.render import Rendered
from otel_discord.exporters.discord.safe_render import RendersCards
from otel_discord.exporters.discord.shelf import Shelf


@dataclass(frozen=True, slots=True)
class Composed:
    """A message, and the cards that it is made of."""

    message: Message
    stored: tuple[StoredCard, ...]
    cards: tuple[Card, ...]

    @property
    def records(self) -> int:
        """How many records the message stands for."""
        return sum(card.count for card in self.cards)


@dataclass(frozen=True, slots=True)
class Composer:
    """Renders and packs for one destination."""

    destination: Destination
    renderer: RendersCards
    shelf: Shelf
    max_embeds: int
    max_file_bytes: int
    wall_clock: Callable[[], float] = time.time

    def compose(self, head: Sequence[StoredCard], *, repeated: bool = False) -> Composed:
        """Return a message of as many cards from the front as fit; at least one. What comes after is not rendered."""
        cards: list[Card] = []

        def rendered() -> Iterator[Rendered]:
            for stored in head:
                cards.append(Card.from_bytes(stored.payload))
                yield self._render(cards[-1], repeated=repeated)

        packed = pack(rendered(), max_embeds=self.max_embeds, max_file_bytes=self.max_file_bytes)
        message = replace(
            packed.message,
            username=self.destination.username,
            avatar_url=self.destination.avatar_url,
            thread_name=self.destination.thread_name[: limits.THREAD_NAME_CHARS],
        )
        return Composed(message, tuple(head[: packed.taken]), tuple(cards[: packed.taken]))

    def _render(self, card: Card, *, repeated: bool) -> Rendered:
        late = late_mark(card.accepted_ns, self.wall_clock())
        parts = [file_part(ref, self.shelf, self.max_file_bytes) for ref in card.attachments]
        missing = [
            f"{ref.filename}: {part}"
            for ref, part in zip(card.attachments, parts, strict=True)
            if isinstance(part, str)
        ]
        rendered = self.renderer.render(card, repeated=repeated, late=late, notes=[*card.notes, *missing])
        return replace(rendered, files=rendered.files + tuple(part for part in parts if isinstance(part, FilePart)))


def repaired(message: Message, repairs: frozenset[Repair]) -> Message:
    """Return the message without what the repairs leave out."""
    if Repair.ALL_FILES in repairs:
        message = leave_files(message, ())
    elif Repair.ONE_TIME_FILES in repairs:
        message = leave_files(message, tuple(part for part in message.files if part.reopenable))
    if Repair.OVERRIDES in repairs:
        message = replace(message, username="", avatar_url="")
    if Repair.DECORATION in repairs:
        message = replace(message, embeds=tuple(_plain_embed(embed) for embed in message.embeds))
    return message


def _plain_embed(embed: Embed) -> Embed:
    return Embed(title=embed.title, description=embed.description or embed.title or "\u200b")
