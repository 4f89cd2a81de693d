"""A composer for one destination, and cards as they wait for it."""

import logging
from collections.abc import Sequence

from otel_discord.component import StoredCard
from otel_discord.discord_api.webhook_url import parse_webhook_url
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.compose import Composed, Composer
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_options import Preset, RenderOptions
from otel_discord.exporters.discord.safe_render import SafeRenderer
from otel_discord.exporters.discord.shelf import Shelf

NOW_S = 1_700_000_030.0
WEBHOOK = parse_webhook_url(f"https://discord.com/api/webhooks/123456789012345678/{'x' * 68}")


class Loud(logging.Handler):
    """Fails where the renderer would have hidden a fault."""

    def emit(self, record: logging.LogRecord) -> None:
        """Raise what was logged."""
        raise AssertionError(record.getMessage())


def composer(
    preset: Preset = "compact", *, max_embeds: int = 10, now_s: float = NOW_S, trace_link: str = ""
) -> Composer:
    """Return a composer whose clock stands still; a card that cannot be rendered is an error."""
    logger = logging.getLogger("tests.composing")
    logger.handlers = [Loud()]
    renderer = SafeRenderer(Renderer(RenderOptions(preset=preset, trace_link=trace_link)), logger)
    destination = Destination(name="errors", webhook=WEBHOOK, min_severity=0, preset=preset)
    return Composer(
        destination, renderer, Shelf(2**20), max_embeds=max_embeds, max_file_bytes=10 * 2**20, wall_clock=lambda: now_s
    )


def stored(cards: Sequence[Card]) -> list[StoredCard]:
    """Return the cards as a lane holds them."""
    return [StoredCard(number, "errors", 0, card.to_bytes()) for number, card in enumerate(cards)]


def compose_all(made: Composer, cards: Sequence[Card]) -> list[Composed]:
    """Return all messages that the cards become."""
    left, composed = stored(cards), []
    while left:
        composed.append(made.compose(left))
        left = left[len(composed[-1].stored) :]
    return composed
