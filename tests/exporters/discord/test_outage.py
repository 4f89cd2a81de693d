"""Is it the message or the destination? Each row of the table."""

import pytest

from otel_discord.discord_api.outcome_types import (
    Delivered,
    Gone,
    Outcome,
    RateLimited,
    Reason,
    Refused,
    Scope,
    Unavailable,
)
from otel_discord.exporters.discord.outage import (
    Looks,
    Verdict,
    after_exhaustion,
    after_look,
    destination_works,
    may_be_the_message,
)

OF_ALL = [
    *(Unavailable(Reason.SERVER_ERROR, True, status) for status in (502, 503, 504, 520, 522, 524)),
    Unavailable(Reason.CONNECTION, False),
    Unavailable(Reason.TIMEOUT, False),
    Unavailable(Reason.BAD_ANSWER, False, 200),
    Unavailable(Reason.SERVER_ERROR, False, 400),
]
OF_ONE = [
    Unavailable(Reason.SERVER_ERROR, True, 500),
    Unavailable(Reason.CONNECTION, True),
    Unavailable(Reason.TIMEOUT, True),
]


@pytest.mark.parametrize("outcome", OF_ALL)
@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("others_wait", [True, False])
def test_what_speaks_of_the_destination_is_an_outage_whoever_waits(
    outcome: Outcome, alone: bool, others_wait: bool
) -> None:
    assert not may_be_the_message(outcome)
    assert after_exhaustion(outcome, alone=alone, others_wait=others_wait, look_is_due=True) is Verdict.HOLD


@pytest.mark.parametrize("outcome", OF_ONE)
@pytest.mark.parametrize(
    ("alone", "others_wait", "look_is_due", "verdict"),
    [
        (False, False, True, Verdict.HOLD),
        (False, False, False, Verdict.HOLD),
        (False, True, False, Verdict.HOLD),
        (True, True, False, Verdict.HOLD),
        (True, False, False, Verdict.HOLD),
        (False, True, True, Verdict.LOOK),
        (True, True, True, Verdict.LOOK),
        (True, False, True, Verdict.LOOK),
    ],
)
def test_what_may_be_the_message_is_looked_at_where_there_is_something_to_compare_with(
    outcome: Outcome, alone: bool, others_wait: bool, look_is_due: bool, verdict: Verdict
) -> None:
    assert after_exhaustion(outcome, alone=alone, others_wait=others_wait, look_is_due=look_is_due) is verdict


@pytest.mark.parametrize(
    ("works", "cards", "used_up", "verdict"),
    [
        (False, 1, True, Verdict.HOLD),
        (False, 5, False, Verdict.HOLD),
        (True, 5, True, Verdict.DIVIDE),
        (True, 5, False, Verdict.DIVIDE),
        (True, 1, False, Verdict.ALONE),
        (True, 1, True, Verdict.BURY),
    ],
)
def test_what_follows_a_look(works: bool, cards: int, used_up: bool, verdict: Verdict) -> None:
    assert after_look(works=works, cards=cards, used_up=used_up) is verdict


def test_what_shows_that_a_destination_works() -> None:
    assert destination_works(Delivered("1"))
    assert destination_works(Refused(Reason.INVALID_FORM, 400))
    assert not destination_works(Refused(Reason.TOO_LARGE, 0)), "our own refusal; nobody was asked"
    assert not destination_works(Gone(Reason.NOT_FOUND, 404))
    assert not destination_works(RateLimited(1.0, Scope.USER))
    assert not destination_works(OF_ONE[0])


def test_looks_become_rare_during_one_outage() -> None:
    looks, seen = Looks(), []
    for probe in range(200):
        if looks.is_due(probe):
            seen.append(probe)
            looks = looks.after_failure(probe)
    assert seen == [0, 2, 5, 10, 19, 36, 69, 102, 135, 168]
