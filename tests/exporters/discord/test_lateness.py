"""Age in words, and the bound of it."""

import pytest

from otel_discord.component import StoredCard
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.lateness import expired, late_mark

NOW_S = 1_700_000_000.0


@pytest.mark.parametrize(
    ("waited_s", "words"),
    [
        (0, ""),
        (60, ""),
        (-3600, ""),
        (61, "1 m late"),
        (150, "2 m late"),
        (7_200, "2 h late"),
        (5_520, "1 h 32 m late"),
        (90_000, "1 d 1 h late"),
        (30 * 86_400, "30 d late"),
    ],
)
def test_in_words(waited_s: float, words: str) -> None:
    assert late_mark(int((NOW_S - waited_s) * 1e9), NOW_S) == words


def test_an_unknown_time_is_not_late() -> None:
    assert late_mark(0, NOW_S) == ""


def stored(number: int, accepted_s: float) -> StoredCard:
    card = Card(
        resource=b"",
        scope=b"",
        record=b"",
        severity=17,
        first_seen_ns=0,
        last_seen_ns=0,
        accepted_ns=int(accepted_s * 1e9),
    )
    return StoredCard(number, "a", 0, card.to_bytes())


def test_only_what_is_older_than_the_bound_expires() -> None:
    cards = [stored(1, NOW_S - 3601), stored(2, NOW_S - 3600), stored(3, NOW_S + 3600), stored(4, 0)]
    assert [card.id for card in expired(cards, 3600.0, NOW_S)] == [1]
    assert expired(cards, 0.0, NOW_S) == []
