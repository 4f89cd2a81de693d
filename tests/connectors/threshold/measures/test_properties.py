"""What holds for any points: order of deltas, temporality, windows, restarts."""

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.connectors.threshold.measures.points import CUMULATIVE, DELTA, SHOP, at, measure, number, total, value

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
        for index, (amount, since) in enumerate(zip(amounts, totals, strict=True)):
            now = at(index * 7)
            summed.take(SHOP, "a", total(CUMULATIVE), number(index * 7, since), now)
            if index:
                each.take(SHOP, "a", total(DELTA), number(index * 7, amount, index * 7 - 7), now)
        end = (len(amounts) - 1) * 7 + later
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
