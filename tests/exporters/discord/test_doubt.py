"""What is known of tries that had no clear end."""

import pytest

from otel_discord.component import StoredCard
from otel_discord.discord_api.outcome_types import Delivered, Outcome, RateLimited, Reason, Refused, Scope, Unavailable
from otel_discord.exporters.discord.doubt import (
    LOST,
    NO_DOUBT,
    Doubt,
    Group,
    counted,
    doubt_after,
    in_doubt_first,
    up_to_doubt,
)

CLEAR = [
    Delivered("1"),
    RateLimited(1.0, Scope.USER),
    Refused(Reason.INVALID_FORM, 400),
    Unavailable(Reason.CONNECTION, ambiguous=False),
]


@pytest.mark.parametrize("outcome", CLEAR)
def test_a_clear_answer_adds_no_doubt_and_takes_none_away(outcome: Outcome) -> None:
    assert doubt_after(NO_DOUBT, outcome) == NO_DOUBT
    assert doubt_after(counted(LOST), outcome) == counted(LOST)


def test_each_ambiguous_failure_is_one_more_possible_duplicate() -> None:
    lost = Unavailable(Reason.TIMEOUT, ambiguous=True)
    assert doubt_after(NO_DOUBT, lost) == Doubt(exists=True, may_be_there=True, uncounted=True)
    assert doubt_after(counted(LOST), lost) == LOST


def test_a_503_is_marked_but_does_not_keep_a_card_from_the_fallback() -> None:
    unserved = Unavailable(Reason.SERVER_ERROR, ambiguous=True, status=503)
    assert doubt_after(NO_DOUBT, unserved) == Doubt(exists=True, may_be_there=False, uncounted=True)
    assert doubt_after(LOST, unserved).may_be_there


def cards(*doubts: bool) -> list[StoredCard]:
    return [StoredCard(number, "a", 0, b"", in_doubt=doubt) for number, doubt in enumerate(doubts)]


def test_the_head_is_divided_where_doubt_begins() -> None:
    head = cards(True, True, False, True)
    assert [card.id for card in in_doubt_first(head)] == [0, 1]
    assert up_to_doubt(head) == []
    assert [card.id for card in up_to_doubt(cards(False, False, True))] == [0, 1]


def test_a_group_loses_cards_and_ends_with_the_last() -> None:
    group = Group(tuple(cards(True, True)), LOST, alone=True)
    assert group.without({5}) == group
    assert group.without({0}) == Group(tuple(cards(True, True)[1:]), LOST, alone=True)
    assert group.without({0, 1}) is None
