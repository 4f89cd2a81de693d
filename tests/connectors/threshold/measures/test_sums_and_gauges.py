"""Numbers by hand: every temporality, resets, gaps, points out of order and twice. Window one minute."""

from collections.abc import Sequence

import pytest

from tests.connectors.threshold.measures.points import (
    CUMULATIVE,
    DELTA,
    SHOP,
    T0,
    NumberDataPoint,
    S,
    at,
    feed,
    gauge,
    measure,
    number,
    reading,
    total,
    value,
)

Table = Sequence[tuple[float, float]]


def told(aggregation: str, metric: object, table: Table, now: float, start: float | None = None) -> float | None:
    of = measure(aggregation)
    feed(of, metric, [number(seconds, amount, start) for seconds, amount in table])  # type: ignore[arg-type]
    return value(of, now)


GAUGE: Table = [(10, 4.0), (20, 8.0), (30, 6.0), (40, 2.0)]


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("last", 2.0),
        ("sum", 20.0),
        ("avg", 5.0),
        ("min", 2.0),
        ("max", 8.0),
        ("count", 4.0),
        ("increase", -2.0),
        ("rate", -2 / 30),
        ("stddev", 5**0.5),  # squares 1 + 9 + 1 + 9 over 4
        ("p50", 5.0),
        ("p75", 6.5),
        ("p100", 8.0),
        ("p0", 2.0),
    ],
)
def test_a_gauge(aggregation: str, expected: float) -> None:
    assert told(aggregation, gauge(), GAUGE, 40) == pytest.approx(expected)
    assert told(aggregation, total(CUMULATIVE, monotonic=False), GAUGE, 40) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("avg", 4.0), ("max", 6.0), ("sum", 8.0), ("count", 2.0), ("last", 2.0)]
)
def test_the_window_slides_past_points(aggregation: str, expected: float) -> None:
    assert told(aggregation, gauge(), GAUGE, 80) == pytest.approx(expected)  # 10 and 20 are a minute old
    assert told(aggregation, gauge(), GAUGE, 99.9) == 2.0 or aggregation == "count"
    assert told(aggregation, gauge(), GAUGE, 100) is None


COUNTER: Table = [(0, 100), (10, 110), (20, 125), (30, 125), (40, 155)]
ADDED: Table = [(10, 10), (20, 15), (30, 0), (40, 30)]


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [("increase", 55.0), ("sum", 55.0), ("rate", 55 / 40), ("avg", 13.75), ("max", 30.0), ("min", 0.0), ("p50", 12.5)],
)
def test_both_temporalities_say_the_same(aggregation: str, expected: float) -> None:
    assert told(aggregation, total(CUMULATIVE), COUNTER, 40) == pytest.approx(expected)
    of = measure(aggregation)
    feed(of, total(DELTA), [number(seconds, amount, seconds - 10) for seconds, amount in ADDED])
    if aggregation == "rate":
        expected = 55 / 60  # before a stream's first delta nothing came; before a counter's first point nobody knows
    assert value(of, 40) == pytest.approx(expected)
    if aggregation != "p50":  # a distribution of what each point added, of which there is one more
        assert told(aggregation, total(CUMULATIVE), [(10, 10), (20, 25), (30, 25), (40, 55)], 40, 0) == pytest.approx(
            expected
        )


def test_last_shows_a_sum_as_it_stands() -> None:
    assert told("last", total(CUMULATIVE), COUNTER, 40) == 155
    assert told("last", total(DELTA), ADDED, 40) == 30
    assert told("count", total(CUMULATIVE), COUNTER, 40) == 5


@pytest.mark.parametrize(
    ("what", "points", "increase", "rate", "resets"),
    [
        ("the first says nothing", [number(0, 100)], None, None, 0),
        ("its start is in the window", [number(30, 12, 10)], 12, 12 / 60, 0),  # nothing came before it
        ("its start is too old", [number(30, 12, -40)], None, None, 0),
        ("a start that is the point's own time is none", [number(30, 12, 30)], None, None, 0),
        ("the value fell", [number(0, 90), number(10, 100), number(20, 5), number(30, 15)], 25, 25 / 30, 1),
        ("a new start", [number(10, 100, 0), number(30, 120, 20)], 100 + 120, 220 / 60, 1),  # nor here
        ("start at the point before", [number(10, 100, -90), number(20, 120, 10)], 120, 12.0, 1),
        ("the start wavers", [number(10, 100, -90), number(20, 120, -89.5)], 20, 2.0, 0),
        ("the start goes back", [number(10, 100, -90), number(20, 120, -95)], 20, 2.0, 0),
        ("from whole numbers to broken ones", [number(10, 1), number(20, 2.5)], 1.5, 0.15, 0),
        ("big numbers keep their last digit", [number(10, 2**62), number(20, 2**62 + 3)], 3, 0.3, 0),
    ],
)
def test_cumulative(
    what: str, points: list[NumberDataPoint], increase: float | None, rate: float | None, resets: int
) -> None:
    for aggregation, expected in (("increase", increase), ("rate", rate)):
        of = measure(aggregation)
        feed(of, total(CUMULATIVE), points)
        assert value(of, 30) == pytest.approx(expected), what
        assert of.resets == resets


def test_a_gap_longer_than_the_window_counts_with_its_part() -> None:
    """An hour without points, then 3600 more: one a second, of which a minute is in the window."""
    assert told("increase", total(CUMULATIVE), [(0, 0), (3600, 3600)], 3600) == pytest.approx(60)
    assert told("rate", total(CUMULATIVE), [(0, 0), (3600, 3600)], 3600) == pytest.approx(1)
    assert told("max", total(CUMULATIVE), [(0, 0), (3600, 3600)], 3600) == 3600
    of = measure("increase")
    feed(of, total(DELTA), [number(3600, 3600, 0)])
    assert value(of, 3600) == pytest.approx(60)


@pytest.mark.parametrize("aggregation", ["sum", "avg", "count", "max", "increase", "p90", "stddev", "last", "rate"])
def test_twice_is_once(aggregation: str) -> None:
    for metric, table in ((total(CUMULATIVE), COUNTER), (total(DELTA), ADDED), (gauge(), GAUGE)):
        once, twice = measure(aggregation), measure(aggregation)
        points = [number(seconds, amount) for seconds, amount in table]
        feed(once, metric, points)
        feed(twice, metric, [point for each in points for point in (each, each)])
        assert value(twice, 40) == value(once, 40)
        assert twice.duplicates == len(points)
        assert once.duplicates == 0


def test_a_whole_batch_again_is_nothing_new() -> None:
    of = measure("sum")
    points = [number(seconds, amount) for seconds, amount in ADDED]
    feed(of, total(DELTA), [*points, *points])
    assert value(of, 40) == 55
    assert of.duplicates == 4


def test_out_of_order() -> None:
    delta = measure("sum")
    feed(delta, total(DELTA), [number(40, 4), number(10, 1), number(20, 2), number(10, 1)])
    assert (value(delta, 40), delta.late, delta.duplicates) == (7, 0, 1)

    cumulative = measure("increase")
    feed(cumulative, total(CUMULATIVE), [number(10, 10), number(30, 30), number(20, 20), number(40, 40)])
    assert (value(cumulative, 40), cumulative.late, cumulative.resets) == (30, 1, 0)

    latest = measure("last")
    feed(latest, gauge(), [number(30, 3), number(20, 2)])
    assert (value(latest, 40), reading(latest, 40).last_ns) == (3, at(30))


def test_too_late() -> None:
    of = measure("sum")
    feed(of, total(DELTA), [number(100, 1), number(40, 7), number(41, 2)])
    assert (value(of, 100), of.late) == (3, 1)
    many = measure("count")
    feed(many, gauge(), [number(seconds, 1) for seconds in range(10, 50)] + [number(5, 1)])
    assert many.late == 1  # older than all that is remembered: it may have been there


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_says_nothing(bad: float) -> None:
    of = measure("avg")
    feed(of, gauge(), [number(10, 4.0), number(20, bad)])
    assert (value(of, 30), of.unusable) == (4, 1)


def test_without_value_or_temporality() -> None:
    of = measure("avg")
    feed(of, gauge(), [number(10, 4.0), NumberDataPoint(time_unix_nano=at(20))])
    feed(of, total(0), [number(10, 5.0)], stream="b")
    assert (value(of, 30), of.unusable) == (4, 2)


def test_a_series_that_says_it_ended_is_out_of_last() -> None:
    of = measure("last")
    feed(of, gauge(), [number(10, 4.0)], stream="a")
    feed(of, gauge(), [number(10, 9.0), number(20, 0, flags=1)], stream="b")
    assert (value(of, 20), of.unusable) == (4, 0)


def test_a_clock_that_says_nothing_or_nonsense_takes_now() -> None:
    of = measure("sum")
    nowhere, mad = number(0, 3), number(4000, 4)
    nowhere.time_unix_nano = 0
    for now, point in ((10, nowhere), (12, nowhere), (13, mad), (20, number(20, 5))):
        of.take(SHOP, "a", total(DELTA), point, at(now))
    assert (value(of, 20), reading(of, 20).last_ns) == (15, at(20))
    assert value(of, 73) == 5

    cumulative = measure("increase")
    for now, point in ((10, number(10, 1)), (20, number(4000, 2)), (30, number(30, 5))):
        cumulative.take(SHOP, "a", total(CUMULATIVE), point, at(now))
    assert (value(cumulative, 30), cumulative.late) == (4, 0)


def test_a_clock_that_is_minutes_ahead_lies_beside_the_others() -> None:
    """A minute of points each, one host five minutes ahead: both are in the window, and nothing older."""
    of = measure("sum")
    for seconds in range(10, 190, 10):
        of.take(SHOP, "ahead", total(DELTA), number(seconds + 300, 1), at(seconds))
        of.take(SHOP, "right", total(DELTA), number(seconds, 1), at(seconds))
    assert value(of, 180) == 12


def test_many_points_fold_into_cells_and_the_window_is_at_most_a_thirtieth_too_long() -> None:
    of = measure("count")
    feed(of, gauge(), [number(tenth / 10, 1) for tenth in range(3000)])
    counted = value(of, 299.9)
    assert counted is not None
    assert 600 <= counted <= 620


def test_times_do_not_lose_precision() -> None:
    of = measure("rate")
    feed(of, total(CUMULATIVE), [NumberDataPoint(as_int=i, time_unix_nano=T0 + i * S + 1) for i in range(30)])
    assert value(of, 30) == 1.0
