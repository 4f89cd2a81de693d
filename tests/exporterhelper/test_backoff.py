"""Waits keep their bounds, grow, and end."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporterhelper.backoff import (
    BackoffPolicy,
    BackoffState,
    Delay,
    GiveUp,
    GiveUpReason,
    Jitter,
    after_failure,
)

START = BackoffState(started_at_s=100.0)
fair = st.floats(0.0, 1.0, exclude_max=True)
rolls = st.lists(fair, min_size=1, max_size=60)
intervals = st.floats(0.0, 60.0)
policies = st.builds(
    BackoffPolicy,
    jitter=st.sampled_from(Jitter),
    initial_interval_s=intervals,
    max_interval_s=intervals,
    multiplier=st.floats(0.0, 1e6),
    randomization_factor=st.floats(0.0, 1.0),
    max_attempts=st.integers(0, 20),
    max_elapsed_time_s=st.one_of(st.just(0.0), st.floats(0.001, 600.0)),
)


def walk(policy: BackoffPolicy, dice: list[float], retry_after_s: float | None = None) -> list[Delay | GiveUp]:
    state, now_s, steps = START, START.started_at_s, []
    for roll in dice:
        step = after_failure(policy, state, now_s=now_s, dice=roll, retry_after_s=retry_after_s)
        steps.append(step)
        if isinstance(step, GiveUp):
            break
        state, now_s = step.state, now_s + step.delay_s
    return steps


def delays(steps: list[Delay | GiveUp]) -> list[float]:
    return [step.delay_s for step in steps if isinstance(step, Delay)]


@given(policies, rolls)
def test_every_wait_keeps_its_bounds(policy: BackoffPolicy, dice: list[float]) -> None:
    over = 1.0 + (policy.randomization_factor if policy.jitter is Jitter.PROPORTIONAL else 0.0)
    for delay_s in delays(walk(policy, dice)):
        assert 0.0 <= delay_s <= policy.max_interval_s * over + 1e-9
        if policy.jitter is Jitter.DECORRELATED:
            assert delay_s >= min(policy.initial_interval_s, policy.max_interval_s) - 1e-9


@given(policies, rolls)
def test_attempts_and_elapsed_time_are_bounded(policy: BackoffPolicy, dice: list[float]) -> None:
    steps = walk(policy, dice)
    waited_s = sum(delays(steps))
    if policy.max_attempts:
        assert len(steps) <= policy.max_attempts
    if policy.max_elapsed_time_s:
        assert waited_s <= policy.max_elapsed_time_s + 1e-6
    for step in steps:
        if isinstance(step, GiveUp) and step.reason is GiveUpReason.MAX_ATTEMPTS:
            assert step.attempts == policy.max_attempts == len(steps)


@given(policies, rolls, st.floats(0.0, 3600.0))
def test_retry_after_is_a_lower_bound(policy: BackoffPolicy, dice: list[float], retry_after_s: float) -> None:
    plain = walk(policy, dice)
    for index, delay_s in enumerate(delays(walk(policy, dice, retry_after_s))):
        assert delay_s >= retry_after_s
        if index < len(delays(plain)) and policy.jitter is not Jitter.DECORRELATED:
            assert delay_s == max(delays(plain)[index], retry_after_s)


@given(policies, fair, st.floats(0.0, 3600.0), st.integers(1, 50))
def test_a_rate_limit_uses_no_attempt(policy: BackoffPolicy, roll: float, retry_after_s: float, times: int) -> None:
    unlimited_time = BackoffPolicy(policy.jitter, policy.initial_interval_s, policy.max_interval_s, max_attempts=1)
    state = START
    for _ in range(times):
        step = after_failure(unlimited_time, state, now_s=100.0, dice=roll, retry_after_s=retry_after_s, counted=False)
        assert isinstance(step, Delay)
        assert step.delay_s == retry_after_s
        state = step.state
    assert state == START


def test_uncounted_without_an_answer_waits_but_does_not_grow() -> None:
    policy = BackoffPolicy(jitter=Jitter.PROPORTIONAL, randomization_factor=0.0, initial_interval_s=1.0, max_attempts=1)
    step = after_failure(policy, START, now_s=100.0, dice=0.5, counted=False)
    assert step == Delay(1.0, START)


@pytest.mark.parametrize("nonsense", [-1.0, math.nan, math.inf, -math.inf])
def test_an_impossible_retry_after_is_no_answer(nonsense: float) -> None:
    policy = BackoffPolicy(jitter=Jitter.PROPORTIONAL, randomization_factor=0.0, initial_interval_s=1.0)
    step = after_failure(policy, START, now_s=100.0, dice=0.5, retry_after_s=nonsense)
    assert isinstance(step, Delay)
    assert step.delay_s == 1.0


def test_proportional_without_chance_is_the_plain_exponential() -> None:
    policy = BackoffPolicy(Jitter.PROPORTIONAL, 1.0, 16.0, 2.0, randomization_factor=0.0, max_attempts=0)
    assert delays(walk(policy, [0.3] * 7)) == [1.0, 2.0, 4.0, 8.0, 16.0, 16.0, 16.0]


def test_full_draws_from_zero_to_the_interval() -> None:
    policy = BackoffPolicy(Jitter.FULL, 1.0, 16.0, 2.0, max_attempts=0)
    assert delays(walk(policy, [0.0, 0.5, 0.25, 0.5])) == [0.0, 1.0, 1.0, 4.0]


def test_decorrelated_draws_from_the_base_to_three_times_the_last_wait() -> None:
    policy = BackoffPolicy(Jitter.DECORRELATED, 1.0, 10.0, max_attempts=0)
    assert delays(walk(policy, [0.5, 0.5, 0.0, 0.999])) == pytest.approx([2.0, 3.5, 1.0, 2.998])


def test_many_failures_do_not_overflow() -> None:
    policy = BackoffPolicy(Jitter.PROPORTIONAL, 1.0, 30.0, multiplier=1e300, max_attempts=0)
    assert all(delay_s <= 45.0 for delay_s in delays(walk(policy, [0.9] * 2000)))


def test_no_try_is_planned_for_after_the_end_of_the_elapsed_time() -> None:
    policy = BackoffPolicy(Jitter.PROPORTIONAL, 4.0, 30.0, randomization_factor=0.0, max_elapsed_time_s=10.0)
    state = BackoffState(started_at_s=0.0)
    assert isinstance(after_failure(policy, state, now_s=6.0, dice=0.0), Delay)
    assert after_failure(policy, state, now_s=6.1, dice=0.0) == GiveUp(GiveUpReason.MAX_ELAPSED_TIME, 1)
    asked = after_failure(policy, state, now_s=0.0, dice=0.0, retry_after_s=11.0)
    assert asked == GiveUp(GiveUpReason.MAX_ELAPSED_TIME, 1)
