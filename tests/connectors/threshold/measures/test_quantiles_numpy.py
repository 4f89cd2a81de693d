"""Percentiles against numpy on the raw data, and how far off they may be.

With *exact* for the smallest value that at least the share ``q`` of all values does not exceed (numpy's
``inverted_cdf``; the common interpolation between two neighbours lies between it and the value next to it):

- explicit buckets: the answer is in the bucket of *exact*, so it is off by at most that bucket's width; above the
  highest bound it is that bound.
- exponential buckets: ``|answer / exact - 1| <= base - 1`` with ``base = 2 ** 2 ** -scale`` and the least scale that
  was told in the window; where more than 640 buckets a side would be needed, ``base`` is at most
  ``(highest / lowest) ** (1 / 319)``.
  What is up to ``zero_threshold`` from zero is off by at most twice that.
- values of gauges: as numpy interpolates them by default, up to 512 values in the window; beyond that as in exponential
  buckets of scale 6, so off by 1.1 % at most where the highest is up to 1000 times the lowest.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import ExponentialHistogramDataPoint

from tests.connectors.threshold.measures.points import (
    CUMULATIVE,
    DELTA,
    at,
    buckets,
    exponential,
    feed,
    gauge,
    histogram,
    measure,
    number,
    value,
)
from tests.connectors.threshold.measures.test_exponential import side

np = pytest.importorskip("numpy")

COUNT = 1_997
"""No share that is asked for falls on a whole rank of it."""
BATCHES = 5
SHARES = ["p1", "p50", "p75", "p95", "p99", "p99.9"]
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Those that SDKs take for durations in seconds."""
DISTRIBUTIONS: dict[str, Any] = {
    "uniform": lambda dice: dice.uniform(0.001, 9.9, COUNT),
    "lognormal": lambda dice: dice.lognormal(-1.5, 1.0, COUNT),
    "bimodal": lambda dice: np.abs(
        np.where(dice.random(COUNT) < 0.93, dice.normal(0.03, 0.004, COUNT), dice.normal(4, 0.3, COUNT))
    ),
    "constant": lambda dice: np.full(COUNT, 0.2),
    "heavy tail": lambda dice: 0.02 * (1 + dice.pareto(1.1, COUNT)),
}


def raw(name: str) -> Any:
    return DISTRIBUTIONS[name](np.random.default_rng(11))


def exact(values: Any, aggregation: str) -> float:
    return float(np.quantile(values, float(aggregation[1:]) / 100, method="inverted_cdf"))


def counted(values: Any, bounds: Sequence[float]) -> list[int]:
    """Return how many values are in each bucket: above the bound before it, up to its own."""
    places = np.bincount(np.searchsorted(np.array(bounds), values, side="left"), minlength=len(bounds) + 1)
    return [int(count) for count in places]


def growing(seconds: float, values: Any, scale: int, zero_threshold: float = 0.0) -> ExponentialHistogramDataPoint:
    """Return values in exponential buckets; those up to ``zero_threshold`` from zero are in the zero bucket."""
    far = values[np.abs(values) > zero_threshold]
    point = ExponentialHistogramDataPoint(
        time_unix_nano=at(seconds),
        scale=scale,
        count=len(values),
        sum=float(values.sum()),
        zero_count=len(values) - len(far),
        zero_threshold=zero_threshold,
    )
    for told, found in ((point.positive, far[far > 0]), (point.negative, -far[far < 0])):
        told.offset, counts = side(found.tolist(), scale)
        told.bucket_counts.extend(counts)
    return point


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("aggregation", SHARES)
@pytest.mark.parametrize("temporality", [CUMULATIVE, DELTA])
def test_explicit_buckets(distribution: str, aggregation: str, temporality: int) -> None:
    values = raw(distribution)
    of = measure(aggregation)
    feed(of, histogram(temporality), [buckets(0, BOUNDS, [0] * (len(BOUNDS) + 1))])
    for batch, part in enumerate(np.array_split(values, BATCHES), 1):
        told = values[: COUNT * batch // BATCHES] if temporality == CUMULATIVE else part
        told = values if temporality == CUMULATIVE and batch == BATCHES else told
        feed(of, histogram(temporality), [buckets(batch * 10, BOUNDS, counted(told, BOUNDS))])
    found, true = value(of, BATCHES * 10), exact(values, aggregation)
    assert found is not None
    place = bisect_left(BOUNDS, true)
    if place == len(BOUNDS):
        assert found == BOUNDS[-1]
        return
    lower = BOUNDS[place - 1] if place else 0.0
    assert lower <= found <= BOUNDS[place]
    assert abs(found - true) <= BOUNDS[place] - lower


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("aggregation", SHARES)
@pytest.mark.parametrize("temporality", [CUMULATIVE, DELTA])
@pytest.mark.parametrize("scales", [(0,), (3,), (6,), (8, 8, 5, 5, 4)], ids=str)
def test_exponential_buckets(distribution: str, aggregation: str, temporality: int, scales: tuple[int, ...]) -> None:
    """SDKs lower the scale when the range of what they measure grows; what was told before is merged then."""
    values = raw(distribution)
    of = measure(aggregation)
    feed(of, exponential(temporality), [growing(0, values[:0], scales[0])])
    parts = np.array_split(values, BATCHES)
    for batch, part in enumerate(parts, 1):
        told = np.concatenate(parts[:batch]) if temporality == CUMULATIVE else part
        scale = scales[min(batch, len(scales)) - 1]
        feed(of, exponential(temporality), [growing(batch * 10, told, scale)])
    found, true, base = value(of, BATCHES * 10), exact(values, aggregation), 2.0**2.0 ** -min(scales)
    assert found is not None
    assert of.resets == of.unusable == 0
    span = float(values.max() / values.min())
    base = max(base, span ** (1 / 319))
    assert abs(found / true - 1) <= (base - 1) * (1 + 1e-9)


@pytest.mark.parametrize("aggregation", ["p0.1", "p1", "p10", "p50", "p90", "p99", "p99.9"])
@pytest.mark.parametrize("scale", [20, 12])
def test_more_buckets_than_are_kept(aggregation: str, scale: int) -> None:
    """Twelve decades: at a scale at which no two values share a bucket there would be millions."""
    values = 10.0 ** np.random.default_rng(5).uniform(-6, 6, 997)
    of = measure(aggregation)
    low, high = float(values.min()), float(values.max())
    for batch, part in enumerate(np.array_split(values, 50), 1):
        coarse = min(scale, 5)  # one point with all of them would be larger than what the wire carries
        feed(of, exponential(DELTA), [growing(batch / 2, part, coarse)])
    found, true = value(of, 50), exact(values, aggregation)
    assert found is not None
    assert max(found / true, true / found) <= (high / low) ** (1 / 319) * (1 + 1e-9)


@pytest.mark.parametrize("aggregation", ["p5", "p20", "p40", "p50", "p60", "p80", "p95"])
@pytest.mark.parametrize("thresholds", [(0.0, 0.0), (0.01, 0.01), (0.001, 0.05)], ids=str)
@pytest.mark.parametrize("temporality", [CUMULATIVE, DELTA])
def test_both_sides_of_zero(aggregation: str, thresholds: tuple[float, float], temporality: int) -> None:
    """Values below zero, near zero and above; the zero bucket may become wider on the way."""
    dice = np.random.default_rng(3)
    values = np.concatenate(
        [dice.normal(0, 1, 2_000), np.zeros(300), -dice.lognormal(0, 1, 700), dice.lognormal(1, 1, 991)]
    )
    dice.shuffle(values)
    of, scale = measure(aggregation), 4
    feed(of, exponential(temporality), [growing(0, values[:0], scale, thresholds[0])])
    parts = np.array_split(values, 2)
    for batch, threshold in enumerate(thresholds, 1):
        told = np.concatenate(parts[:batch]) if temporality == CUMULATIVE else parts[batch - 1]
        feed(of, exponential(temporality), [growing(batch * 10, told, scale, threshold)])
    found, true = value(of, 20), exact(values, aggregation)
    assert found is not None
    assert of.resets == 0
    base, threshold = 2.0**2.0**-scale, max(thresholds)
    if abs(true) <= threshold * base:
        assert abs(found - true) <= 2 * threshold * base
    else:
        assert found * true > 0
        assert abs(found / true - 1) <= base - 1 + 1e-9


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("aggregation", SHARES)
def test_values_of_gauges(distribution: str, aggregation: str) -> None:
    values = raw(distribution)[:499]
    of = measure(aggregation)
    feed(of, gauge(), [number(place / 10, float(each)) for place, each in enumerate(values)])
    assert value(of, 50) == pytest.approx(float(np.quantile(values, float(aggregation[1:]) / 100)), rel=1e-12)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("aggregation", SHARES)
def test_many_values_of_gauges(distribution: str, aggregation: str) -> None:
    values = raw(distribution)
    of = measure(aggregation)
    feed(of, gauge(), [number(place / 40, float(each)) for place, each in enumerate(values)])
    found, true, span = value(of, 50), exact(values, aggregation), float(values.max() / values.min())
    assert found is not None
    assert abs(found / true - 1) <= max(2**2**-6, span ** (1 / 319)) - 1 + 1e-9
