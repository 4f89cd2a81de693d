"""Histograms with explicit bounds and summaries, by hand and against exact quantiles of the raw data."""

import math
import random
from bisect import bisect_left
from collections.abc import Sequence

import pytest

from tests.connectors.threshold.measures.points import (
    CUMULATIVE,
    DELTA,
    HistogramDataPoint,
    NumberDataPoint,
    at,
    buckets,
    feed,
    gauge,
    histogram,
    measure,
    number,
    summary,
    summed,
    value,
)

BOUNDS = (1.0, 2.0, 4.0)


def quantile_of(values: Sequence[float], quantile: float) -> float:
    """Exact, as numpy does it by default."""
    ordered = sorted(values)
    rank = quantile * (len(ordered) - 1)
    lower = math.floor(rank)
    return ordered[lower] + (ordered[math.ceil(rank)] - ordered[lower]) * (rank - lower)


# By hand: the second point is the first plus (2, 4, 2, 0), whose sum is 12.
CUMULATIVE_POINTS = [buckets(10, BOUNDS, (5, 5, 5, 1), 40), buckets(20, BOUNDS, (7, 9, 7, 1), 52)]
DELTA_POINTS = [buckets(20, BOUNDS, (2, 4, 2, 0), 12.0, 10)]


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("count", 8),
        ("increase", 8),
        ("sum", 12),
        ("avg", 1.5),
        ("last", 1.5),
        ("rate", 0.8),
        ("p50", 1.5),  # rank 4: two below the bucket from 1 to 2, half way
        ("p25", 1.0),
        ("p75", 2.0),
        ("p90", 3.2),  # rank 7.2: 1.2 of 2 between 2 and 4
        ("p100", 4.0),
        ("min", 0.0),
        ("max", 4.0),
        ("stddev", math.sqrt((2 * 1.125**2 + 4 * 0.125**2 + 2 * 1.375**2) / 8)),  # 0.5, 1.5 and 3 around 1.625
    ],
)
def test_by_hand(aggregation: str, expected: float) -> None:
    for temporality, points in ((CUMULATIVE, CUMULATIVE_POINTS), (DELTA, DELTA_POINTS)):
        of = measure(aggregation)
        feed(of, histogram(temporality), points)
        if aggregation == "rate" and temporality == DELTA:
            expected = 8 / 60  # before a stream's first delta nothing came
        assert value(of, 20) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("bounds", "counts", "quantile", "expected"),
    [
        (BOUNDS, (0, 0, 0, 9), "p50", 4.0),  # above all bounds: the highest of them
        (BOUNDS, (10, 0, 0, 0), "p50", 0.5),  # the first bucket begins at 0
        ((-4.0, -2.0), (10, 0, 0), "p50", -4.0),  # unless its bound is not above 0
        ((-4.0, -2.0), (0, 10, 0), "p50", -3.0),
        (BOUNDS, (0, 0, 0, 0), "p50", None),
        (BOUNDS, (0, 4, 0, 4), "p0", 1.0),
        ((), (7,), "p50", None),
    ],
)
def test_edges_are_those_of_prometheus(
    bounds: Sequence[float], counts: Sequence[int], quantile: str, expected: float | None
) -> None:
    of = measure(quantile)
    feed(of, histogram(DELTA), [buckets(10, bounds, counts)])
    assert value(of, 10) == (pytest.approx(expected) if expected is not None else None)


@pytest.mark.parametrize("aggregation", ["p50", "count", "sum", "avg"])
def test_resets_duplicates_and_order(aggregation: str) -> None:
    of = measure(aggregation)
    first, later, older = (buckets(s, BOUNDS, (n, n, n, n), 8.0 * n) for s, n in ((10, 9), (30, 10), (20, 9)))
    restarted = buckets(40, BOUNDS, (0, 2, 0, 0), 3.0)
    feed(of, histogram(CUMULATIVE), [first, later, later, older, restarted])
    assert (of.resets, of.late, of.duplicates) == (1, 1, 1)
    # one in each bucket and then two in the second, which sum up to 8 and 3
    assert value(of, 40) == pytest.approx({"p50": 1 + 2 / 3, "count": 6, "sum": 11, "avg": 11 / 6}[aggregation])


def test_other_bounds_begin_a_cumulative_histogram_anew() -> None:
    of = measure("p50")
    feed(of, histogram(CUMULATIVE), [buckets(10, BOUNDS, (9, 9, 9, 9)), buckets(20, (1.0, 3.0), (9, 10, 9), 0.0)])
    assert of.resets == 1


def test_streams_with_different_bounds_meet_in_those_they_share() -> None:
    of = measure("p50")
    feed(of, histogram(DELTA), [buckets(10, (1.0, 2.0, 4.0), (0, 3, 1, 0))], stream="a")
    feed(of, histogram(DELTA), [buckets(10, (1.0, 3.0, 4.0), (0, 0, 4, 0))], stream="b")
    assert value(of, 10) == pytest.approx(1 + 3 * 4 / 8)  # 8 between 1 and 4


@pytest.mark.parametrize("shape", ["slow", "two humps", "even"])
@pytest.mark.parametrize("aggregation", ["p50", "p75", "p90", "p95", "p99"])
@pytest.mark.parametrize("temporality", [CUMULATIVE, DELTA])
def test_quantiles_are_within_the_bucket_of_the_exact_one(shape: str, aggregation: str, temporality: int) -> None:
    """The exact value, interpolated between two neighbours, and the answer lie in the same bucket or touch."""
    dice = random.Random(shape)
    draw = {
        "slow": lambda: dice.lognormvariate(0, 1),
        "two humps": lambda: dice.choice([dice.gauss(0.2, 0.02), dice.gauss(7, 0.5)]),
        "even": lambda: dice.uniform(0.01, 9.9),
    }[shape]
    bounds = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 100.0)
    of, raw, since = measure(aggregation), [], [0] * 12
    feed(of, histogram(temporality), [buckets(0, bounds, since)])
    for seconds in range(10, 60, 10):
        batch = [abs(draw()) for _ in range(997)]
        raw += batch
        counts = [0] * 12
        for each in batch:
            counts[bisect_left(bounds, each)] += 1
        since = [one + two for one, two in zip(since, counts, strict=True)]
        feed(of, histogram(temporality), [buckets(seconds, bounds, counts if temporality == DELTA else since)])
    found, exact = value(of, 50), quantile_of(raw, float(aggregation[1:]) / 100)
    assert found is not None
    index = bisect_left(bounds, exact)
    width = bounds[index] - (bounds[index - 1] if index else 0.0)
    assert abs(found - exact) <= width


def test_delta_extremes_are_exact_where_they_are_told() -> None:
    point = buckets(10, BOUNDS, (1, 1, 1, 1), 9.0)
    point.min, point.max = 0.3, 77.0
    for aggregation, expected in (("min", 0.3), ("max", 77.0)):
        of = measure(aggregation)
        feed(of, histogram(DELTA), [point])
        assert value(of, 10) == expected


@pytest.mark.parametrize(
    "broken",
    [
        HistogramDataPoint(time_unix_nano=at(10), explicit_bounds=[1, 2], bucket_counts=[1, 2]),
        HistogramDataPoint(time_unix_nano=at(10), explicit_bounds=[2, 1], bucket_counts=[1, 2, 3]),
        HistogramDataPoint(time_unix_nano=at(10), explicit_bounds=[float("nan")], bucket_counts=[1, 2]),
        HistogramDataPoint(time_unix_nano=at(10), explicit_bounds=[1], bucket_counts=[2**64 - 1, 2]),
        HistogramDataPoint(time_unix_nano=at(10), count=4),
    ],
)
def test_broken_buckets_are_unusable(broken: HistogramDataPoint) -> None:
    of = measure("p50")
    feed(of, histogram(DELTA), [broken])
    assert of.unusable == 1
    assert list(of.readings(at(10))) == []


def test_no_sum_no_average() -> None:
    of, counted = measure("avg"), measure("count")
    point = HistogramDataPoint(time_unix_nano=at(10), count=4)
    feed(of, histogram(DELTA), [point])
    feed(counted, histogram(DELTA), [point])
    assert (of.unusable, value(counted, 10)) == (1, 4)


def test_an_average_of_no_measurements_is_none() -> None:
    of = measure("avg")
    feed(of, histogram(CUMULATIVE), [buckets(10, BOUNDS, (1, 1, 1, 1), 9.0), buckets(20, BOUNDS, (1, 1, 1, 1), 9.0)])
    assert value(of, 20) is None


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [("count", 4), ("sum", 10), ("avg", 2.5), ("rate", 0.4), ("p99", 9.0), ("min", 0.5), ("max", 11.0)],
)
def test_a_summary(aggregation: str, expected: float) -> None:
    of = measure(aggregation)
    given = {0.0: 0.5, 0.99: 8.0, 1.0: 10.0}
    feed(of, summary(), [summed(10, 6, 20.0, given), summed(20, 10, 30.0, {0.0: 0.5, 0.99: 9.0, 1.0: 11.0})])
    assert value(of, 20) == pytest.approx(expected)


def test_a_summary_without_that_quantile_is_unusable() -> None:
    for aggregation in ("p95", "stddev"):
        of = measure(aggregation)
        feed(of, summary(), [summed(10, 6, 20.0, {0.5: 1.0})])
        assert of.unusable == 1


@pytest.mark.parametrize("aggregation", ["p50", "p90", "p99.9", "p0", "p100"])
def test_quantiles_of_gauge_values(aggregation: str) -> None:
    """Exact for up to 512 values in a tenth of the window; then within 1.1 % where they are up to 1000 times apart."""
    dice = random.Random(7)
    few = [(5 + i / 2, dice.gauss(0, 50)) for i in range(100)]
    many = [(5 + i / 200, dice.lognormvariate(0, 0.7) * dice.choice([-1, 1])) for i in range(10_000)]
    for table, error in ((few, 1e-12), (many, 0.011)):
        of = measure(aggregation)
        feed(of, gauge(), [NumberDataPoint(time_unix_nano=at(s), as_double=v) for s, v in table])
        exact = quantile_of([v for _, v in table], float(aggregation[1:]) / 100)
        assert value(of, 55) == pytest.approx(exact, rel=error)


def test_a_group_that_changes_its_kind_begins_anew() -> None:
    of = measure("p50")
    feed(of, gauge(), [number(10, 5.0)], stream="a")
    feed(of, histogram(DELTA), [buckets(20, BOUNDS, (0, 4, 0, 0))], stream="b")
    assert value(of, 20) == 1.5
    same = measure("increase")
    feed(same, gauge(), [number(10, 5.0)])
    feed(same, histogram(CUMULATIVE), [buckets(20, BOUNDS, (0, 4, 0, 0))])
    feed(same, histogram(CUMULATIVE), [buckets(30, BOUNDS, (0, 9, 0, 0))])
    assert value(same, 30) == 5
