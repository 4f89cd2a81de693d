"""What a card outside of runs' channels says of the run that its record is of: one that is not known, or has ended."""

from collections.abc import Callable
from typing import Final

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.sourced.names import is_sourced

_MOST_CHARS: Final = 120


def run_mark(card: Card, whose: Callable[[bytes], str]) -> str:
    """Return ``run build-42 #1 (ab12)``, "" where there is nothing to say.

    Of a card for several records it is the run of the first: others may have had the same trouble. A card that was on
    its way to a run's channel says so already.
    """
    if any(map(is_sourced, card.been_to)):
        return ""
    run = short_text(whose(card.resource), _MOST_CHARS)
    return f"first in {run}" if run and card.count > 1 else run
