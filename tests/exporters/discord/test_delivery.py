"""What follows each answer, as a table."""

import pytest

from otel_discord.discord_api.outcome_types import (
    Delivered,
    FieldError,
    Gone,
    Outcome,
    RateLimited,
    Reason,
    Refused,
    Scope,
    Unavailable,
)
from otel_discord.exporterhelper.backoff import BackoffPolicy, BackoffState
from otel_discord.exporters.discord.delivery import (
    Abandon,
    Action,
    Divide,
    Exhausted,
    GiveUp,
    Hand,
    Isolate,
    Repair,
    Retry,
    RetryRepaired,
    SendAgain,
    Settle,
    decide,
)

POLICY = BackoffPolicy()


def act(outcome: Outcome, *, resend: bool = True, cards: int = 3, attempts: int = 0, **hand: object) -> Action:
    state = BackoffState(started_at_s=0.0, attempts=attempts)
    return decide(
        outcome,
        Hand(cards=cards, backoff=state, **hand),  # type: ignore[arg-type]
        POLICY,
        resend_ambiguous=resend,
        now_s=1.0,
        dice=0.5,
    )


def invalid(*paths: tuple[str | int, ...]) -> Refused:
    return Refused(Reason.INVALID_FORM, 400, 50035, "", tuple(FieldError(path, "X", "x") for path in paths))


def test_delivered() -> None:
    assert act(Delivered("7")) == Settle("7")


def test_a_rate_limit_is_not_an_attempt() -> None:
    assert act(RateLimited(3.0, Scope.USER), attempts=4) == SendAgain()


@pytest.mark.parametrize("ambiguous", [True, False])
def test_a_failure_is_tried_again_until_the_attempts_are_used_up(ambiguous: bool) -> None:
    outcome = Unavailable(Reason.SERVER_ERROR, ambiguous, 503)
    first = act(outcome)
    assert isinstance(first, Retry)
    assert first.hand.backoff.attempts == 1
    assert first.ambiguous is ambiguous
    assert 0.25 <= first.delay_s <= 10
    assert act(outcome, attempts=4) == Exhausted(5)


def test_an_outage_that_says_how_long_is_given_that_long() -> None:
    action = act(Unavailable(Reason.SERVER_ERROR, ambiguous=False, status=503, retry_after_s=7.0))
    assert isinstance(action, Retry)
    assert action.delay_s == 7.0


def test_at_most_once_ends_with_an_ambiguous_failure_and_only_with_that() -> None:
    assert act(Unavailable(Reason.TIMEOUT, True), resend=False) == GiveUp(Reason.TIMEOUT, 1, ambiguous=True)
    assert isinstance(act(Unavailable(Reason.CONNECTION, False), resend=False), Retry)


def test_files_that_open_once_stay_behind_at_the_second_attempt() -> None:
    action = act(Unavailable(Reason.TIMEOUT, True), files=1, one_time_files=True)
    assert isinstance(action, Retry)
    assert action.hand.repairs == {Repair.ONE_TIME_FILES}


def test_too_large_sheds_files_then_divides_then_gives_up() -> None:
    too_large = Refused(Reason.TOO_LARGE, 413, 40005)
    first = act(too_large, files=2)
    assert isinstance(first, RetryRepaired)
    assert first.hand.repairs == {Repair.ALL_FILES}
    assert act(too_large, files=2, repairs=first.hand.repairs) == Divide()
    assert isinstance(act(too_large, cards=1), GiveUp)


def test_a_form_error_isolates_the_embeds_that_it_names() -> None:
    assert act(invalid(("embeds", 1, "title"), ("embeds", 1, "url"))) == Isolate((1,), Reason.INVALID_FORM)
    assert act(invalid(("embeds", 9, "title"))) == Divide()  # names none of ours
    assert act(invalid(("embeds", 0), ("embeds", 1), ("embeds", 2))) == Divide()  # all of them: each for itself
    assert act(invalid(("embeds",))) == Divide()
    assert act(invalid()) == Divide()


def test_a_form_error_of_the_destination_leaves_out_its_name() -> None:
    action = act(invalid(("username",)), overrides=True)
    assert isinstance(action, RetryRepaired)
    assert action.hand.repairs == {Repair.OVERRIDES}


def test_a_form_error_of_the_files_leaves_them_out_once() -> None:
    action = act(invalid(("attachments", 0, "filename")), files=2)
    assert isinstance(action, RetryRepaired)
    assert action.hand.repairs == {Repair.ALL_FILES}
    assert act(invalid(("attachments",)), files=2, repairs=action.hand.repairs) == Divide()
    assert act(invalid(("files",))) == Divide()


@pytest.mark.parametrize("repair", [Repair.ONE_TIME_FILES, Repair.OVERRIDES, Repair.ALL_FILES])
def test_what_was_repaired_before_does_not_cost_the_last_try(repair: Repair) -> None:
    action = act(invalid(("embeds", 0, "url")), cards=1, repairs=frozenset({repair}))
    assert isinstance(action, RetryRepaired)
    assert action.hand.repairs >= {repair, Repair.DECORATION, Repair.ALL_FILES}


def test_a_single_card_is_tried_once_in_the_plainest_form() -> None:
    first = act(invalid(("embeds", 0, "url")), cards=1)
    assert isinstance(first, RetryRepaired)
    assert Repair.DECORATION in first.hand.repairs
    assert isinstance(act(invalid(("embeds", 0)), cards=1, repairs=first.hand.repairs), GiveUp)


@pytest.mark.parametrize("reason", [Reason.CONTENT_BLOCKED, Reason.BAD_REQUEST, Reason.EMPTY_MESSAGE])
def test_other_refusals_find_the_card_by_dividing(reason: Reason) -> None:
    assert act(Refused(reason, 400)) == Divide()
    assert act(Refused(reason, 400), cards=1) == GiveUp(reason, 1)


@pytest.mark.parametrize("reason", [Reason.NOT_FOUND, Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.MISCONFIGURED])
def test_a_gone_destination_is_left_alone(reason: Reason) -> None:
    assert act(Gone(reason, 404)) == Abandon(reason)
