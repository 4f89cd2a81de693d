"""A card that cannot be rendered is shown in the plainest form: data must never stop the exporter."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from otel_discord.discord_api import limits
from otel_discord.discord_api.models import Embed
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.last_words import last_words
from otel_discord.exporters.discord.looks import TroubleBook
from otel_discord.exporters.discord.render import Rendered
from otel_discord.exporters.discord.render_digest import Digest, headline
from otel_discord.exporters.discord.render_folded import count_mark
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.text import escape_markdown

_NO_WORDS: Final = "A record that could not be shown"


class RendersCards(Protocol):
    """What the composer needs of a renderer."""

    def render(
        self, card: Card, *, repeated: bool = False, late: str = "", notes: Sequence[str] = (), brief: bool = False
    ) -> Rendered:
        """Return what the card shows."""
        ...

    def digest(self, digest: Digest, *, repeated: bool = False, late: str = "") -> Rendered:
        """Return what stands before the worst ones of a digest, with the list of all as a file."""
        ...


@dataclass(frozen=True, slots=True)
class SafeRenderer:
    """A renderer that does not raise."""

    renderer: RendersCards
    logger: logging.Logger

    def render(
        self, card: Card, *, repeated: bool = False, late: str = "", notes: Sequence[str] = (), brief: bool = False
    ) -> Rendered:
        """Return what the card shows; its last words where that fails."""
        try:
            return self.renderer.render(card, repeated=repeated, late=late, notes=notes, brief=brief)
        except Exception:
            self.logger.exception("a record could not be rendered and is shown plainly; please report this")
            return Rendered(Embed(title=_plain_title(card)))

    def digest(self, digest: Digest, *, repeated: bool = False, late: str = "") -> Rendered:
        """Return what stands before the worst ones; only how much it is where that fails."""
        try:
            return self.renderer.digest(digest, repeated=repeated, late=late)
        except Exception:
            self.logger.exception("a digest could not be rendered and is shown plainly; please report this")
            return Rendered(Embed(title=headline(digest)))


def told_troubles(logger: logging.Logger) -> TroubleBook:
    """Return what logs, once each, why a user's template did not show what it was chosen for."""

    def say(template: str, reason: str) -> None:
        logger.warning(
            "a template cannot show some records, which are shown by the built-in one: %s",
            reason,
            extra={"template": template},
        )

    return TroubleBook(say)


def _plain_title(card: Card) -> str:
    """Return ``ERROR ×3 checkout: it broke``; the record's own words come last, without a count of their own."""
    try:
        words = next(last_words([card]))
        mark = count_mark(card)
        before, found, after = words.partition(mark) if mark else ("", "", words)
        words = escape_markdown(short_text(before)) + found + escape_markdown(short_text(after))
    except Exception:  # noqa: BLE001 - not even that
        return _NO_WORDS
    return cut_middle(words, limits.EMBED_TITLE_CHARS, markdown=True).strip() or _NO_WORDS
