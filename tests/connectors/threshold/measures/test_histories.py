"""The same history told by every kind of metric says the same: resets, gaps, points late, twice, without a start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import ExponentialHistogramDataPoint, Metric

from otel_discord.connectors.threshold.measures import Measure
from tests.connectors.threshold.measures.points import (
    CUMULATIVE,
    DELTA,
    Point,
    at,
    buckets,
    exponential,
    feed,
    histogram,
    measure,
    number,
    summary,
    summed,
    total,
    value,
)

Told = tuple[float, int] | tuple[float, int, float]
"""When, how many (all of them between 1 and 2), and since when, where that is told."""
MEAN = 1.5


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of metric that can tell how many there were."""

    name: str
    metric: Callable[[int], Metric]
    point: Callable[[float, int, float | None], Point]


def _in_buckets(seconds: float, count: int, start: float | None) -> Point:
    return buckets(seconds, (1.0, 2.0, 4.0), (0, count, 0, 0), count * MEAN, start)


def _in_growing_buckets(seconds: float, count: int, start: float | None) -> Point:
    point = ExponentialHistogramDataPoint(
        time_unix_nano=at(seconds), start_time_unix_nano=at(start) if start is not None else 0, count=count
    )
    point.sum = count * MEAN
    point.positive.bucket_counts.append(count)  # at scale 0 the bucket from 1 to 2
    return point


def _summed(seconds: float, count: int, start: float | None) -> Point:
    point = summed(seconds, count, count * MEAN)
    point.start_time_unix_nano = at(start) if start is not None else 0
    return point


SUM = Kind("sum", total, number)
EXPLICIT = Kind("histogram", histogram, _in_buckets)
EXPONENTIAL = Kind("exponential", exponential, _in_growing_buckets)
SUMMARY = Kind("summary", lambda _: summary(), _summed)
KINDS = [SUM, EXPLICIT, EXPONENTIAL, SUMMARY]
DELTA_KINDS = [SUM, EXPLICIT, EXPONENTIAL]
SHAPED = [EXPLICIT, EXPONENTIAL]

Case = tuple[str, Sequence[Told], float, float | None, tuple[int, int, int]]
"""What it is about, what is told, until when; then the increase, and how many resets, late ones and duplicates."""
CUMULATIVE_HISTORIES: list[Case] = [
    ("no start is told", [(0, 100), (10, 110), (20, 125), (30, 125), (40, 155)], 40, 55, (0, 0, 0)),
    ("one start", [(0, 100, -90), (10, 110, -90), (40, 155, -90)], 40, 55, (0, 0, 0)),
    ("the first says nothing", [(0, 100)], 0, None, (0, 0, 0)),
    ("the first, begun in the window", [(30, 12, 10)], 30, 12, (0, 0, 0)),
    ("the first, begun before it", [(30, 12, -40)], 30, None, (0, 0, 0)),
    ("it fell", [(0, 90), (10, 100), (20, 5), (30, 15)], 30, 25, (1, 0, 0)),
    ("it fell to nothing", [(0, 90), (10, 100), (20, 0), (30, 7)], 30, 17, (1, 0, 0)),
    ("a new start, and less", [(10, 100, -90), (20, 5, 12), (30, 15, 12)], 30, 15, (1, 0, 0)),
    ("a new start, and more", [(10, 100, -90), (20, 120, 12), (30, 130, 12)], 30, 130, (1, 0, 0)),
    ("a start that wavers", [(10, 100, -90), (20, 120, -89.5), (30, 130, -90)], 30, 30, (0, 0, 0)),
    ("a start is told from now on", [(10, 100), (20, 120, -90)], 20, 20, (0, 0, 0)),
    ("a start is told no more", [(10, 100, -90), (20, 120)], 20, 20, (0, 0, 0)),
    ("twice", [(0, 10), (10, 20), (10, 20), (20, 30), (20, 30)], 20, 20, (0, 0, 2)),
    ("out of order", [(0, 0), (10, 10), (30, 30), (20, 20), (40, 40)], 40, 40, (0, 1, 0)),
    ("an old one after a reset", [(0, 90), (10, 100), (20, 5), (15, 104), (30, 15)], 30, 25, (1, 1, 0)),
    ("a gap within the window", [(0, 0), (50, 500)], 50, 500, (0, 0, 0)),
    ("a gap longer than the window", [(0, 0), (3600, 3600)], 3600, 60, (0, 0, 0)),
    ("all older than the window", [(0, 0), (10, 10), (20, 20)], 81, None, (0, 0, 0)),
    ("half older than the window", [(0, 0), (10, 10), (20, 30), (30, 60)], 75, 50, (0, 0, 0)),
]
DELTA_HISTORIES: list[Case] = [
    ("no start is told", [(10, 10), (20, 15), (30, 0), (40, 30)], 40, 55, (0, 0, 0)),
    ("each begins where the last ended", [(10, 10, 0), (20, 15, 10), (30, 0, 20), (40, 30, 30)], 40, 55, (0, 0, 0)),
    ("out of order", [(40, 30, 30), (20, 15, 10), (10, 10, 0), (30, 0, 20)], 40, 55, (0, 0, 0)),
    ("twice", [(10, 10, 0), (10, 10, 0), (20, 15, 10), (10, 10, 0)], 20, 25, (0, 0, 2)),
    ("too late", [(100, 10, 90), (30, 7, 20), (50, 5, 40)], 100, 15, (0, 1, 0)),
    ("a gap longer than the window", [(3600, 3600, 0)], 3600, 60, (0, 0, 0)),
    ("a gap between", [(10, 10, 0), (60, 5, 50)], 60, 15, (0, 0, 0)),
    ("all older than the window", [(10, 10, 0)], 71, None, (0, 0, 0)),
]


def told(of: Measure, kind: Kind, temporality: int, history: Sequence[Told]) -> None:
    points = [kind.point(each[0], each[1], each[2] if len(each) > 2 else None) for each in history]
    feed(of, kind.metric(temporality), points)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("case", CUMULATIVE_HISTORIES, ids=lambda case: case[0])
def test_cumulative(kind: Kind, case: Case) -> None:
    _, history, now, expected, (resets, late, duplicates) = case
    of = measure("increase")
    told(of, kind, CUMULATIVE, history)
    assert value(of, now) == (pytest.approx(expected) if expected is not None else None)
    assert (of.resets, of.late, of.duplicates, of.unusable) == (resets, late, duplicates, 0)


@pytest.mark.parametrize("kind", DELTA_KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("case", DELTA_HISTORIES, ids=lambda case: case[0])
def test_delta(kind: Kind, case: Case) -> None:
    _, history, now, expected, (resets, late, duplicates) = case
    of = measure("increase")
    told(of, kind, DELTA, history)
    assert value(of, now) == (pytest.approx(expected) if expected is not None else None)
    assert (of.resets, of.late, of.duplicates, of.unusable) == (resets, late, duplicates, 0)


@pytest.mark.parametrize("kind", SHAPED, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("temporality", "case"),
    [
        *(pytest.param(CUMULATIVE, case, id=f"cumulative {case[0]}") for case in CUMULATIVE_HISTORIES),
        *(pytest.param(DELTA, case, id=f"delta {case[0]}") for case in DELTA_HISTORIES),
    ],
)
def test_shapes_go_with_the_counts(kind: Kind, temporality: int, case: Case) -> None:
    """Where something came in the window there is a percentile of it, and it is from the bucket where all are."""
    _, history, now, expected, (resets, late, duplicates) = case
    of = measure("p50")
    told(of, kind, temporality, history)
    found = value(of, now)
    assert (found is None) == (expected is None)
    assert found is None or 1 < found < 2
    assert (of.resets, of.late, of.duplicates, of.unusable) == (resets, late, duplicates, 0)


@pytest.mark.parametrize("kind", [EXPLICIT, EXPONENTIAL, SUMMARY], ids=lambda kind: kind.name)
@pytest.mark.parametrize(("aggregation", "expected"), [("sum", 82.5), ("avg", 1.5), ("count", 55), ("rate", 55 / 40)])
def test_what_was_measured(kind: Kind, aggregation: str, expected: float) -> None:
    of = measure(aggregation)
    told(of, kind, CUMULATIVE, [(0, 100), (10, 110), (20, 125), (30, 125), (40, 155)])
    assert value(of, 40) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [("sum", 6), ("increase", 6), ("rate", 0.1), ("min", -3), ("max", 5), ("avg", 2), ("last", 4), ("count", 3)],
)
@pytest.mark.parametrize("has_starts", [True, False])
def test_deltas_that_may_be_negative(aggregation: str, expected: float, has_starts: bool) -> None:
    """An up-down counter with delta temporality: what falls is no reset."""
    of = measure(aggregation)
    table = [(10, 5), (20, -3), (30, 4)]
    feed(
        of,
        total(DELTA, monotonic=False),
        [number(seconds, amount, seconds - 10 if has_starts else None) for seconds, amount in table],
    )
    assert value(of, 30) == pytest.approx(expected)
    assert of.resets == 0


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("last", 3), ("avg", 5.5), ("min", 2), ("max", 9), ("increase", -5), ("sum", 22)]
)
def test_totals_that_may_fall(aggregation: str, expected: float) -> None:
    """An up-down counter with cumulative temporality is a value, whatever start it tells."""
    for starts in ((None, None, None, None), (0, 0, 0, 0), (0, 0, 25, 25)):
        of = measure(aggregation)
        table = zip((10, 20, 30, 40), (8, 9, 2, 3), starts, strict=True)
        feed(of, total(CUMULATIVE, monotonic=False), [number(*each) for each in table])
        assert value(of, 40) == pytest.approx(expected)
        assert of.resets == 0
