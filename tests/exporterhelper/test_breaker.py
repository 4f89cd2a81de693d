"""The circuit breaker as a machine: rows by hand, and whatever happens to it in any order."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporterhelper.breaker import (
    CLOSED,
    LONGEST_COOLDOWN_FACTOR,
    Breaker,
    BreakerPolicy,
    Phase,
    after_failure,
    after_success,
    opened,
    probing,
    returned,
)

POLICY = BreakerPolicy(failure_threshold=3, cooldown_s=30.0)


def failed(breaker: Breaker, times: int = 1, now_s: float = 0.0, dice: float = 0.0) -> Breaker:
    for _ in range(times):
        breaker = after_failure(POLICY, breaker, now_s=now_s, dice=dice)
    return breaker


def test_it_opens_with_the_last_of_so_many_failures_in_a_row() -> None:
    assert failed(CLOSED, 2).phase is Phase.CLOSED
    assert failed(CLOSED, 3).phase is Phase.OPEN
    assert failed(after_success(failed(CLOSED, 2)), 2).phase is Phase.CLOSED


def test_one_probe_goes_when_the_cooldown_has_passed_and_decides() -> None:
    breaker = failed(CLOSED, 3, now_s=100.0)
    assert breaker.allowed_at_s == 130.0
    assert probing(breaker, now_s=129.9) is breaker
    probe = probing(breaker, now_s=130.0)
    assert (probe.phase, probe.allowed_at_s) == (Phase.HALF_OPEN, math.inf)
    assert probing(probe, now_s=1e9) is probe, "the second one waits for the first"
    assert after_success(probe) == CLOSED
    again = failed(probe, now_s=131.0)
    assert (again.phase, again.allowed_at_s, again.opened_at_s, again.probes) == (Phase.OPEN, 161.0, 100.0, 1)


def test_a_probe_that_was_not_sent_is_no_probe() -> None:
    breaker = failed(CLOSED, 3)
    assert returned(probing(breaker, now_s=30.0)) == breaker
    assert returned(CLOSED) is CLOSED


def test_an_answer_that_comes_late_does_not_close_what_is_open() -> None:
    breaker = failed(CLOSED, 3)
    assert after_success(breaker) is breaker
    assert failed(breaker, now_s=29.0) is breaker, "nor does a late failure begin the cooldown anew"


def test_the_other_side_may_ask_for_a_longer_pause_and_chance_lengthens_it() -> None:
    breaker = opened(POLICY, CLOSED, now_s=0.0, dice=0.5, retry_after_s=60.0)
    assert breaker.retry_at_s == 60.0
    assert opened(POLICY, CLOSED, now_s=0.0, dice=0.5, retry_after_s=math.inf).retry_at_s == pytest.approx(33.0)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["success", "failure", "ask", "return"]), st.floats(0, 90), st.floats(0, 1, exclude_max=True)
    ),
    max_size=60,
)


@given(EVENTS, st.integers(1, 6), st.floats(0, 60))
def test_whatever_happens(events: list[tuple[str, float, float]], threshold: int, cooldown_s: float) -> None:
    """Never two probes, never one within a cooldown, never open for ever, never open below the threshold."""
    policy = BreakerPolicy(threshold, cooldown_s)
    breaker, now_s, in_a_row, open_until_s = CLOSED, 0.0, 0, -math.inf
    for event, later_s, dice in events:
        now_s += later_s
        before = breaker
        if event == "success":
            breaker = after_success(breaker)
            in_a_row = 0 if breaker.phase is Phase.CLOSED else in_a_row
        elif event == "failure":
            breaker = after_failure(policy, breaker, now_s=now_s, dice=dice)
            in_a_row += before.phase is Phase.CLOSED
        elif event == "ask":
            breaker = probing(breaker, now_s=now_s)
        else:
            breaker = returned(breaker)
        if breaker.phase is Phase.OPEN and before.phase is not Phase.OPEN and event == "failure":
            open_until_s = breaker.retry_at_s
            assert before.phase is Phase.HALF_OPEN or in_a_row >= threshold
            longest_s = cooldown_s * LONGEST_COOLDOWN_FACTOR
            assert now_s + cooldown_s <= open_until_s <= now_s + longest_s + 1e-6
        if breaker.phase is Phase.HALF_OPEN and before.phase is Phase.OPEN:
            assert now_s >= open_until_s
        if breaker.phase is Phase.CLOSED:
            assert breaker.failures < threshold
            assert breaker.allowed_at_s == -math.inf
        if breaker.phase is Phase.OPEN:
            assert probing(breaker, now_s=breaker.retry_at_s).phase is Phase.HALF_OPEN
