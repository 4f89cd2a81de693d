"""A card that cannot be rendered is shown in the plainest form: data must never stop the exporter."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from otel_discord.discord_api import limits
from otel_discord.discord_api.models import Embed
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.last_words import last_words
from otel_discord.exporters.discord.render import Rendered
from otel_discord.templating.text import escape_markdown, neutralise

_NO_WORDS: Final = "A record that could not be shown"


class RendersCards(Protocol):
    """What the composer needs of a renderer."""

    def render(self, card: Card, *, repeated: bool = False, late: str = "", notes: Sequence[str] = ()) -> Rendered:
        """Return what the card shows."""
        ...


@dataclass(frozen=True, slots=True)
class SafeRenderer:
    """A renderer that does not raise."""

    renderer: RendersCards
    logger: logging.Logger

    def render(self, card: Card, *, repeated: bool = False, late: str = "", notes: Sequence[str] = ()) -> Rendered:
        """Return what the card shows; its last words where that fails."""
        try:
            return self.renderer.render(card, repeated=repeated, late=late, notes=notes)
        except Exception:
            self.logger.exception("a record could not be rendered and is shown plainly; please report this")
            return Rendered(Embed(title=_plain_title(card)))


def _plain_title(card: Card) -> str:
    try:
        words = next(last_words([card]))
    except Exception:  # noqa: BLE001 - not even that
        return _NO_WORDS
    return escape_markdown(neutralise(words))[: limits.EMBED_TITLE_CHARS].strip() or _NO_WORDS
