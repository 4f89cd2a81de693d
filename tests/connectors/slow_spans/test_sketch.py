"""Quantiles from buckets against exact ones, ageing, merging."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.connectors.slow_spans.sketch import LONGEST_S, RELATIVE_ERROR, SHORTEST_S, Sketch

durations = st.floats(SHORTEST_S, LONGEST_S, allow_nan=False)
ratios = st.floats(0.0, 1.0)


def sketch_of(values: list[float], now_s: float = 0.0) -> Sketch:
    sketch = Sketch(3600.0)
    for value in values:
        sketch.add(value, now_s)
    return sketch


def exact(values: list[float], ratio: float) -> float:
    """Return the least value that at least this part of them does not exceed."""
    return sorted(values)[max(0, math.ceil(ratio * len(values) - 1e-9) - 1)]


@given(st.lists(durations, min_size=1, max_size=200), ratios)
def test_a_quantile_is_as_exact_as_is_said(values: list[float], ratio: float) -> None:
    assert sketch_of(values).quantile(ratio) == pytest.approx(exact(values, ratio), rel=RELATIVE_ERROR * 1.0001)


@pytest.mark.parametrize("percent", [50, 90, 99, 99.9])
def test_it_is_as_exact_on_a_real_distribution(percent: float) -> None:
    dice = random.Random(7)
    values = [dice.lognormvariate(-2.0, 1.2) for _ in range(20_000)]
    found = sketch_of(values).quantile(percent / 100)
    assert found == pytest.approx(exact(values, percent / 100), rel=RELATIVE_ERROR)


@given(st.lists(durations, max_size=60), st.lists(durations, max_size=60), ratios)
def test_merged_is_as_if_all_had_been_added_to_one(first: list[float], second: list[float], ratio: float) -> None:
    merged, other = sketch_of(first), sketch_of(second)
    merged.merge(other)
    assert merged.seen == len(first) + len(second)
    assert merged.quantile(ratio) == sketch_of(first + second).quantile(ratio)
    assert other.weights == sketch_of(second).weights


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 1e12), st.floats(0, 1e9)), min_size=1, max_size=100), ratios)
def test_it_stays_bounded_and_sane_whatever_comes_and_when(spans: list[tuple[float, float]], ratio: float) -> None:
    sketch = Sketch(60.0, 1)
    for duration_s, now_s in spans:
        sketch.add(duration_s, now_s)
    assert sketch.seen == len(spans)
    assert SHORTEST_S * 0.97 <= sketch.quantile(ratio) <= LONGEST_S * 1.03
    assert all(0 < weight < math.inf for weight in sketch.weights.values())


def test_the_number_of_buckets_is_bounded() -> None:
    sketch = Sketch(60.0)
    for step in range(20_000):
        sketch.add(10 ** (step / 20_000 * 14 - 7), 0.0)
    assert 600 < len(sketch.weights) < 750


def test_nothing_seen_is_nothing() -> None:
    assert Sketch(60.0).quantile(0.99) == 0.0


def test_what_is_old_weighs_less() -> None:
    sketch = Sketch(60.0, 100)
    for second in range(1000):
        sketch.add(0.1, float(second))
    for second in range(1000, 1200):
        sketch.add(1.0, float(second))
    assert sketch.quantile(0.5) == pytest.approx(1.0, rel=0.0201)
    assert sketch.quantile(0.1) == pytest.approx(0.1, rel=0.0201)


def test_what_is_known_of_a_seldom_used_operation_does_not_fade_in_a_pause() -> None:
    sketch = sketch_of([0.1] * 300)
    sketch.add(9.0, 365 * 86_400.0)
    assert sketch.quantile(0.99) == pytest.approx(0.1, rel=0.0201)


def test_it_goes_on_after_years() -> None:
    sketch = Sketch(1.0, 1)
    for second in range(5000):
        sketch.add(0.1 if second < 4000 else 0.5, float(second))
    assert sketch.quantile(0.01) == pytest.approx(0.5, rel=0.0201)
