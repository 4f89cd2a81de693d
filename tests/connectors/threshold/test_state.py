"""The life of an alert, for all values that can come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.connectors.threshold.levels import Standing
from otel_discord.connectors.threshold.state import (
    Finding,
    Policy,
    Silence,
    Worse,
    advance,
    announce,
    fit,
    new_alert,
    worse_of,
)
from otel_discord.signals.alert_event import AlertState

policies = st.builds(
    Policy,
    severities=st.sampled_from([("warning",), ("warning", "critical"), ("info", "warning", "critical")]),
    for_ns=st.sampled_from([0, 1, 5]),
    keep_ns=st.sampled_from([0, 1, 5]),
    silent_after_ns=st.sampled_from([1, 7]),
    silence=st.sampled_from(list(Silence)),
    repeat_ns=st.sampled_from([0, 1, 4]),
    worse=st.sampled_from(list(Worse)),
)
moments = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.none() | st.tuples(st.lists(st.sampled_from(list(Standing)), min_size=3, max_size=3), st.floats(-10, 10)),
        st.booleans(),
    ),
    max_size=60,
)


@given(policies, moments)
def test_the_order_of_a_life(policy: Policy, story: list) -> None:  # type: ignore[type-arg]
    alert = new_alert(policy, 100)
    now_ns, open_since, started_ns = 100, False, 0
    for wait_ns, found, is_muted in story:
        now_ns += wait_ns
        finding = Finding(found[0][: len(policy.severities)], found[1]) if found else None
        advance(alert, finding, now_ns, policy)
        telling = announce(alert, now_ns, policy, is_muted=is_muted)
        if telling is None:
            continue
        if telling.state is AlertState.FIRING:
            assert not open_since
            assert not is_muted
            assert 0 < telling.started_ns <= now_ns
            open_since, started_ns = True, telling.started_ns
        else:
            assert open_since
            assert telling.started_ns == started_ns
        if telling.state is AlertState.RESOLVED:
            assert telling.ended_ns == now_ns
            assert telling.resolution
            open_since = False
        assert telling.severity in policy.severities
        assert is_muted or announce(alert, now_ns, policy) is None  # one thing at a moment
    assert bool(alert.told) == open_since


@given(policies, moments)
def test_nothing_begins_before_its_time(policy: Policy, story: list) -> None:  # type: ignore[type-arg]
    alert = new_alert(policy, 100)
    now_ns, since_ns = 100, 0
    for wait_ns, found, _ in story:
        now_ns += wait_ns
        if found:
            met = Standing.MET in found[0][: len(policy.severities)]
            since_ns = (since_ns or now_ns) if met else 0
            advance(alert, Finding(found[0][: len(policy.severities)], found[1]), now_ns, policy)
            telling = announce(alert, now_ns, policy)
            if telling is not None and telling.state is AlertState.FIRING:
                assert since_ns
                assert now_ns - since_ns >= policy.for_ns


@given(moments)
def test_what_never_holds_long_enough_makes_nothing(story: list) -> None:  # type: ignore[type-arg]
    policy = Policy(severities=("warning", "critical"), for_ns=1000)
    alert = new_alert(policy, 100)
    now_ns = 100
    for wait_ns, found, _ in story:
        now_ns += wait_ns
        advance(alert, Finding(found[0][:2], found[1]) if found else None, now_ns, policy)
        assert announce(alert, now_ns, policy) is None


@pytest.mark.parametrize(
    ("one", "other", "worse", "expected"),
    [
        (None, 3, Worse.GREATER, 3),
        (5, 3, Worse.GREATER, 5),
        (5, 3, Worse.SMALLER, 3),
        (5, -8, Worse.FARTHER_FROM_ZERO, -8),
        (5, float("nan"), Worse.GREATER, 5),
        (5, None, Worse.GREATER, 5),
    ],
)
def test_the_worse_value(one: float, other: float, worse: Worse, expected: float) -> None:
    assert worse_of(one, other, worse) == expected


def test_the_peak_is_of_one_life() -> None:
    policy = Policy(severities=("warning",))
    alert = new_alert(policy, 1)
    met, clear = [Standing.MET], [Standing.CLEAR]
    peaks = []
    for now_ns, (standings, value) in enumerate([(met, 5), (met, 9), (clear, 1), (met, 3)], start=1):
        advance(alert, Finding(standings, value), now_ns, policy)
        if (telling := announce(alert, now_ns, policy)) is not None:
            peaks.append((str(telling.state), telling.peak))
    assert peaks == [("firing", 5), ("resolved", 9), ("firing", 3)]


def test_hysteresis_holds_what_fires_and_begins_nothing() -> None:
    policy = Policy(severities=("warning",))
    alert = new_alert(policy, 1)
    seen = []
    for now_ns, standing in enumerate([Standing.HELD, Standing.MET, Standing.HELD, Standing.CLEAR, Standing.HELD], 1):
        advance(alert, Finding([standing], 1.0), now_ns, policy)
        seen.append(alert.is_active)
        announce(alert, now_ns, policy)
    assert seen == [False, True, True, False, False]


def test_a_rule_with_other_severities_takes_over() -> None:
    before = Policy(severities=("warning", "critical"))
    alert = new_alert(before, 1)
    advance(alert, Finding([Standing.MET, Standing.MET], 1.0), 1, before)
    assert announce(alert, 1, before) is not None
    after = Policy(severities=("warning",))
    fit(alert, after)
    advance(alert, Finding([Standing.MET], 1.0), 2, after)
    telling = announce(alert, 2, after)
    assert telling is not None
    assert (telling.state, telling.severity) == (AlertState.UPDATED, "warning")
