"""When a threshold was crossed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.charts.breaches import breaches
from otel_discord.signals.alert_threshold import Bound, parse_condition


def bound(text: str) -> Bound:
    found = parse_condition(text).bound_to("")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "threshold", "expected"),
    [
        ([0, 0, 0], "> 5", []),
        ([9, 9, 9], "> 5", [(0, 20)]),
        ([0, 10, 0], "> 5", [(5, 15)]),
        ([10, 0, 10], "> 5", [(0, 5), (15, 20)]),
        ([10, 0, 10], "< 5", [(5, 15)]),
        ([0, 5, 0], "> 5", []),
        ([0, 5, 0], ">= 5", [(10, 10)]),
        ([1, 0, 0, 1], "== 0", [(10, 20)]),
        ([0, 1, 1, 0], "!= 0", [(0, 30)]),
        ([9], "> 5", [(0, 0)]),
        ([1], "> 5", []),
        ([0, 5e-324], "> 0", [(5, 10)]),
        ([-1.7e308, 1.7e308], "> 0", [(5, 10)]),
    ],
)
def test_from_crossing_to_crossing(values: list[float], threshold: str, expected: list[tuple[float, float]]) -> None:
    assert breaches([[(10 * at, value) for at, value in enumerate(values)]], bound(threshold)) == expected


def test_a_gap_ends_a_breach() -> None:
    assert breaches([[(0, 9), (10, 9)], [(50, 9), (60, 9)]], bound("> 5")) == [(0, 10), (50, 60)]


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=40),
    st.sampled_from(["> 5", "< 5", ">= 0", "<= 0", "== 1", "!= 1"]),
)
def test_spans_are_apart_and_hold_each_point_that_meets_the_condition(values: list[float], text: str) -> None:
    limit = bound(text)
    run = [(10 * at, value) for at, value in enumerate(values)]
    spans = breaches([run], limit)
    assert spans == sorted(spans)
    assert all(start <= end for start, end in spans)
    assert all(earlier[1] < later[0] for earlier, later in pairwise(spans))
    for at, value in run:
        if limit.holds(value):
            assert any(start <= at <= end for start, end in spans)
