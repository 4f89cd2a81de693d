"""How long a card has waited with us: said on the card, and bounded by ``max_age``. Pure; times are wall time."""

from collections.abc import Sequence
from typing import Final

from otel_discord.component import StoredCard
from otel_discord.exporters.discord.cards import Card
from otel_discord.templating.wording import duration

LATE_AFTER_S: Final = 60.0
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400


def late_mark(accepted_ns: int, now_s: float) -> str:
    """Return ``2 h late`` for what has waited longer than a minute, else ""; "" also where the time is not known."""
    waited_s = now_s - accepted_ns / 1e9
    if not accepted_ns or waited_s <= LATE_AFTER_S:
        return ""
    grain_s = _MINUTE_S if waited_s < _DAY_S else _HOUR_S
    return f"{duration(round(waited_s / grain_s) * grain_s)} late"


def expired(cards: Sequence[StoredCard], max_age_s: float, now_s: float) -> list[StoredCard]:
    """Return the cards that have waited longer than ``max_age_s``; none with 0."""
    if not max_age_s:
        return []
    oldest_ns = int((now_s - max_age_s) * 1e9)
    return [card for card in cards if 0 < Card.from_bytes(card.payload).accepted_ns < oldest_ns]
