"""Exponential histograms: buckets by hand, scales that differ, and error bounds against the raw data."""

import math
import random
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.connectors.threshold.measures.exponential import MAX_BUCKETS, Exponential, Side, boundary, index_of
from tests.connectors.threshold.measures.points import (
    CUMULATIVE,
    DELTA,
    ExponentialHistogramDataPoint,
    at,
    exponential,
    feed,
    measure,
    value,
)
from tests.connectors.threshold.measures.test_histograms import quantile_of


def side(values: Sequence[float], scale: int) -> tuple[int, list[int]]:
    counts = Counter(index_of(scale, each) for each in values)
    first = min(counts, default=0)
    return first, [counts[index] for index in range(first, max(counts, default=-1) + 1)]


def point(seconds: float, values: Sequence[float], scale: int) -> ExponentialHistogramDataPoint:
    made = ExponentialHistogramDataPoint(
        time_unix_nano=at(seconds),
        scale=scale,
        count=len(values),
        sum=sum(values),
        zero_count=sum(1 for each in values if each == 0),
    )
    for buckets, found in (
        (made.positive, [each for each in values if each > 0]),
        (made.negative, [-each for each in values if each < 0]),
    ):
        buckets.offset, counts = side(found, scale)
        buckets.bucket_counts.extend(counts)
    return made


def test_boundaries() -> None:
    assert [boundary(0, index) for index in (-1, 0, 1, 2)] == [0.5, 1, 2, 4]
    assert boundary(1, 1) == pytest.approx(math.sqrt(2))
    assert boundary(-1, 1) == 4
    assert [index_of(0, each) for each in (1.0, 1.5, 2.0, 2.1, 4.0)] == [-1, 0, 0, 1, 1]
    assert boundary(-10, 1) == pytest.approx(1.7976931348623157e308)
    assert boundary(20, -(2**31)) == 0


@pytest.mark.parametrize(
    ("positive", "zeros", "negative", "aggregation", "expected"),
    [
        ((0, [0, 0, 4]), 0, (0, []), "p50", 4 * math.sqrt(2)),  # half way from 4 to 8 on a logarithmic scale
        ((0, [2, 2]), 0, (0, []), "p50", 2.0),
        ((0, [2, 2]), 0, (0, []), "p75", 2 * math.sqrt(2)),
        ((0, [1]), 9, (0, []), "p50", 0.0),
        ((0, []), 0, (0, [2, 2]), "p50", -2.0),
        ((0, []), 0, (0, [0, 4]), "p25", -(4 ** (3 / 4)) * 2 ** (1 / 4)),
        ((0, [3]), 0, (0, [1]), "p25", -1.0),
        ((0, []), 0, (0, []), "p50", None),
    ],
)
def test_by_hand(
    positive: tuple[int, list[int]],
    zeros: int,
    negative: tuple[int, list[int]],
    aggregation: str,
    expected: float | None,
) -> None:
    made = ExponentialHistogramDataPoint(time_unix_nano=at(10), scale=0, zero_count=zeros)
    made.positive.offset, made.negative.offset = positive[0], negative[0]
    made.positive.bucket_counts.extend(positive[1])
    made.negative.bucket_counts.extend(negative[1])
    of = measure(aggregation)
    feed(of, exponential(DELTA), [made])
    assert value(of, 10) == (pytest.approx(expected) if expected is not None else None)


@pytest.mark.parametrize("scale", [0, 2, 5])
@pytest.mark.parametrize("aggregation", ["p1", "p50", "p90", "p99"])
@pytest.mark.parametrize("temporality", [CUMULATIVE, DELTA])
def test_quantiles_are_within_one_factor_of_the_base(scale: int, aggregation: str, temporality: int) -> None:
    """A cumulative stream lowers its scale on the way, as SDKs do when the range grows."""
    dice = random.Random(scale)
    of, raw, base = measure(aggregation), [], 2.0**2.0 ** -min(scale, 1)
    feed(of, exponential(temporality), [point(0, [], scale)])
    for seconds in range(10, 60, 10):
        batch = [dice.lognormvariate(0, 2) for _ in range(500)]
        raw += batch
        now_scale = scale if seconds < 40 else min(scale, 1)
        feed(of, exponential(temporality), [point(seconds, raw if temporality == CUMULATIVE else batch, now_scale)])
    found, exact = value(of, 50), quantile_of(raw, float(aggregation[1:]) / 100)
    assert found is not None
    assert of.resets == 0
    assert exact / base <= found <= exact * base


def test_cumulative_reset_and_difference() -> None:
    for second, resets, expected in (([1.5] * 4 + [6.0] * 4, 0, 8), ([1.5] * 2, 1, 2)):
        of = measure("count")
        shape = measure("p100")
        for each in (of, shape):
            feed(each, exponential(CUMULATIVE), [point(10, [1.5] * 4, 3), point(20, second, 2)])
            assert each.resets == resets
        assert value(of, 20) == (4 if not resets else expected)
        assert value(shape, 20) == pytest.approx(boundary(2, index_of(2, second[-1]) + 1))


VALUES = st.lists(
    st.one_of(st.just(0.0), st.floats(1e-300, 1e300), st.floats(-1e300, -1e-300), st.floats(0.1, 10)), max_size=20
)


def made(values: Sequence[float], scale: int, threshold: float = 0.0) -> Exponential:
    above, below = ([sign * each for each in values if sign * each > 0] for sign in (1, -1))
    scale = min(scale, 3)  # at higher ones the lists of this test would be long
    zeros = sum(1 for each in values if each == 0)
    return Exponential(scale, Side(*side(above, scale)), Side(*side(below, scale)), zeros, threshold)


def plain(of: Exponential) -> object:
    sides = [(one.offset if one.counts else 0, list(one.counts)) for one in (of.positive, of.negative)]
    return of.scale, sides, of.zero_count, of.zero_threshold


@settings(max_examples=60, deadline=None)
@given(VALUES, st.integers(-2, 3), VALUES, st.integers(-2, 3), st.sampled_from([0.0, 0.5, 2.0]))
def test_merging_is_the_same_either_way_round_and_loses_none(
    one: list[float], one_scale: int, two: list[float], two_scale: int, threshold: float
) -> None:
    first, second = made(one, one_scale), made(two, two_scale, threshold)
    both = first.plus(second)
    assert plain(both) == plain(second.plus(first))
    assert both.total == len(one) + len(two)
    assert max(len(both.positive.counts), len(both.negative.counts)) <= MAX_BUCKETS


@settings(max_examples=60, deadline=None)
@given(VALUES, VALUES, VALUES, st.integers(-2, 3), st.integers(-2, 3))
def test_merging_in_any_order_and_taking_away_again(
    one: list[float], two: list[float], three: list[float], scale: int, other: int
) -> None:
    first, second, third = made(one, scale), made(two, other), made(three, scale)
    assert first.plus(second).plus(third).total == first.plus(second.plus(third)).total
    rest = first.plus(second).minus(first)
    assert rest is not None
    assert rest.total == len(two)


def test_buckets_far_apart_take_little_room() -> None:
    one = Exponential(20, Side(-(2**31), [1]))
    two = Exponential(20, Side(2**31 - 1, [1]))
    both = one.plus(two)
    assert both.total == 2
    assert len(both.positive.counts) <= MAX_BUCKETS
    assert both.quantile(0.5) is not None


@pytest.mark.parametrize("scale", [-(2**31), -11, 21, 2**31 - 1])
def test_a_scale_out_of_reach_is_unusable(scale: int) -> None:
    of = measure("p50")
    feed(of, exponential(DELTA), [ExponentialHistogramDataPoint(time_unix_nano=at(10), scale=scale, count=1)])
    assert of.unusable == 1
