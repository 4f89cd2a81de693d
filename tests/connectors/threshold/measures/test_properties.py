"""What holds for any points: order of deltas, temporality, windows, restarts."""

import random
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.connectors.threshold.measures import Aggregation
from tests.connectors.threshold.measures.points import (
    CUMULATIVE,
    DELTA,
    SHOP,
    T0,
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    NumberDataPoint,
    S,
    SummaryDataPoint,
    at,
    exponential,
    gauge,
    histogram,
    measure,
    number,
    summary,
    total,
    value,
)

TABLE = st.lists(st.tuples(st.integers(0, 119), st.integers(0, 1000)), max_size=25, unique_by=lambda pair: pair[0])


@settings(max_examples=80, deadline=None)
@given(TABLE, st.randoms(use_true_random=False), st.sampled_from(["sum", "count", "avg", "max", "p50", "stddev"]))
def test_deltas_in_any_order_say_the_same(table: list[tuple[int, int]], dice: object, aggregation: str) -> None:
    mixed = list(table)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    answers = []
    for each in (sorted(table), mixed):
        of = measure(aggregation, 120)
        for seconds, amount in each:
            of.take(SHOP, "a", total(DELTA), number(seconds, amount), at(119.5))
        answers.append([each.value for each in of.readings(at(119.5))])
    assert answers[1] == pytest.approx(answers[0])


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=40), st.integers(0, 200))
def test_cumulative_and_delta_of_the_same_data_agree(amounts: list[int], later: int) -> None:
    for aggregation in ("sum", "increase", "rate", "avg", "min", "max", "stddev", "p90"):
        summed, each = measure(aggregation), measure(aggregation)
        totals = list(accumulate(amounts))
        for index, (amount, since) in enumerate(zip(amounts, totals, strict=True), 1):
            now = at(index * 7)
            summed.take(SHOP, "a", total(CUMULATIVE), number(index * 7, since, 0), now)
            each.take(SHOP, "a", total(DELTA), number(index * 7, amount, index * 7 - 7), now)
        end = len(amounts) * 7 + later
        assert value(summed, end) == pytest.approx(value(each, end)), aggregation


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 50)), min_size=1, max_size=60), st.integers(0, 59))
def test_increase_is_what_a_plain_walk_over_the_window_says(steps: list[tuple[int, int]], cut: int) -> None:
    """Points no closer than a thirtieth of the window and no gap longer than it: exact."""
    of, kept, seconds, count = measure("increase"), [], 0, 1000
    before = None
    for index, (gap, amount) in enumerate(steps):
        seconds += max(2, gap)
        count = amount if index == cut else count + amount
        if before is not None:
            kept.append((seconds, count - before if count >= before else count))
        before = count
        of.take(SHOP, "a", total(CUMULATIVE), number(seconds, count), at(seconds))
        inside = [added for when, added in kept if when > seconds - 60]
        assert value(of, seconds) == (sum(inside) if inside else None)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=2, max_size=30), st.data())
def test_a_restart_between_any_two_points_changes_no_total(totals: list[int], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(totals) - 1))
    whole, first, second = measure("increase", 600), measure("increase", 600), measure("increase", 600)
    for index, count in enumerate(totals):
        if index == cut:
            second.restore(first.to_bytes())
        for of in (whole, first if index < cut else second):
            of.take(SHOP, "a", total(CUMULATIVE), number(index, count), at(index))
    end = len(totals) - 1
    assert (value(first, end) or 0) + (value(second, end) or 0) == value(whole, end)
    assert first.resets + second.resets == whole.resets


@pytest.mark.parametrize("aggregation", [str(kind) for kind in Aggregation if kind is not Aggregation.QUANTILE])
def test_no_point_breaks_a_measure(aggregation: str) -> None:
    """Whatever the wire can carry: extreme times, numbers, counts, scales, bounds, all in one group."""
    dice = random.Random(aggregation)
    big = 2**64 - 1
    of = measure(aggregation, max_series=8)
    for step in range(400):
        now = T0 + step * S
        times = {
            "time_unix_nano": dice.choice([0, 1, now - 5 * S, now, now, now + 1, now + 700 * S, 2**63, big]),
            "start_time_unix_nano": dice.choice([0, 1, now - 90 * S, now - 5 * S, now, big]),
            "flags": dice.choice([0, 0, 0, 1]),
        }
        count = dice.choice([0, 1, 7, 2**40, 2**63 - 1, big])
        amount = dice.choice([0.0, -1.0, 3.5, 1e308, -1e308, 5e-324, float("nan"), float("inf")])
        temporality = dice.choice([0, DELTA, CUMULATIVE])
        few = [dice.choice([0, 1, 5, 2**62, 2**63 - 1]) for _ in range(dice.randrange(6))]
        kind = dice.randrange(6)
        if kind < 3:
            metric = [gauge(), total(temporality), total(temporality, monotonic=False)][kind]
            exact = dice.choice([0, 5, -(2**63), 2**63 - 1])
            told = {"as_int": exact} if dice.random() < 0.5 else {"as_double": amount}
            point = NumberDataPoint(**times, **told)
        elif kind == 3:
            metric = histogram(temporality)
            bounds = dice.choice([[], [1.0, 2.0, 3.0], [1.0, 2.5], [-1e308, 0.0, 1e308], [3.0, 1.0], [amount]])
            point = HistogramDataPoint(**times, count=count, sum=amount, explicit_bounds=bounds, bucket_counts=few)
        elif kind == 4:
            metric = exponential(temporality)
            point = ExponentialHistogramDataPoint(
                **times, count=count, sum=amount, zero_count=count, zero_threshold=amount, scale=dice.randrange(-12, 23)
            )
            point.positive.offset = dice.choice([0, -(2**31), 2**31 - 1, 40])
            point.positive.bucket_counts.extend(few)
            point.negative.bucket_counts.extend(few[1:])
        else:
            metric, point = summary(), SummaryDataPoint(**times, count=count, sum=amount)
            for quantile in (0.0, 0.5, 0.95, 1.0, amount):
                point.quantile_values.add(quantile=quantile, value=amount)
        of.take(SHOP, dice.randrange(12), metric, point, now)
        for each in of.readings(now) if step % 8 == 0 else ():
            assert each.value is None or each.value == each.value
    fresh = measure(aggregation)
    fresh.restore(of.to_bytes())
    assert fresh.to_bytes() == of.to_bytes()
