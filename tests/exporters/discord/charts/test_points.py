"""A series made fit for drawing: what is kept, where its gaps are."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.charts.points import (
    MOST_RUNS,
    downsampled,
    finite,
    held,
    in_order,
    runs,
    usual_step_ns,
)

VALUES = st.floats(allow_nan=False, allow_infinity=False)
SERIES = st.lists(st.tuples(st.integers(0, 10**6), VALUES), min_size=1, max_size=300).map(in_order)


@given(SERIES, st.integers(4, 40))
def test_fewer_points_keep_ends_peaks_and_order(series: list[tuple[int, float]], most: int) -> None:
    kept = downsampled(series, most)
    assert len(kept) <= most
    assert kept[0] == series[0]
    assert kept[-1] == series[-1]
    assert min(value for _, value in kept) == min(value for _, value in series)
    assert max(value for _, value in kept) == max(value for _, value in series)
    rest = iter(series)
    assert all(point in rest for point in kept), "in the order in which they were"


def test_each_spike_of_a_long_series_is_kept() -> None:
    series = [(at, 1000.0 if at % 500 == 250 else 1.0) for at in range(10_000)]
    assert sum(value == 1000 for _, value in downsampled(series, 240)) == 20


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0, 10, 20, 30], [4]),
        ([0, 10, 20, 100, 110], [3, 2]),
        ([0, 10, 20, 54], [4]),
        ([0], [1]),
        ([0, 0, 0], [3]),
        ([0, 1000], [2]),
    ],
)
def test_a_silence_much_longer_than_usual_is_a_gap(times: list[int], expected: list[int]) -> None:
    assert [len(run) for run in runs([(at, 1.0) for at in times])] == expected


def test_not_a_number_is_a_gap() -> None:
    assert runs([(0, 1.0), (1, math.nan), (2, 2.0), (3, 3.0)]) == [[(0, 1.0)], [(2, 2.0), (3, 3.0)]]


def test_more_gaps_than_can_be_seen_are_none() -> None:
    series = [(at, math.nan if at % 2 else 1.0) for at in range(2 * MOST_RUNS + 2)]
    assert [len(run) for run in runs(series)] == [MOST_RUNS + 1]


def test_infinite_values_are_held_at_the_edge_and_nan_stays() -> None:
    told = held([(0, math.inf), (1, -math.inf), (2, math.nan), (3, 5.0)], 1.0, 9.0)
    assert [value for _, value in told if value == value] == [9.0, 1.0, 5.0]
    assert math.isnan(told[2][1])
    assert finite([(0, math.inf), (1, math.nan), (2, 0.0)]) == [(2, 0.0)]


@given(SERIES)
def test_runs_hold_every_point_in_order(series: list[tuple[int, float]]) -> None:
    assert [point for run in runs(series) for point in run] == series
    assert all(usual_step_ns(run) >= 0 for run in runs(series))
    assert all(earlier[-1][0] <= later[0][0] for earlier, later in pairwise(runs(series)))
