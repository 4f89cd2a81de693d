"""Several streams in one group, several groups, room, restarts, and what a caller sees of it."""

import pytest

from otel_discord.connectors.threshold.measures import Across, Aggregate, Aggregation, parse_aggregation
from tests.connectors.threshold.measures.points import (
    CUMULATIVE,
    DELTA,
    SHOP,
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


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("last", 20),
        ("sum(last)", 28),
        ("avg(last)", 14),
        ("min(last)", 8),
        ("max(last)", 20),
        ("avg", 10.5),
        ("sum", 42),
        ("min", 4),
        ("max", 20),
        ("count", 4),
    ],
)
def test_gauges_of_several_streams(aggregation: str, expected: float) -> None:
    of = measure(aggregation)
    feed(of, gauge(), [number(10, 10), number(20, 20)], stream="a")
    feed(of, gauge(), [number(15, 4), number(25, 8)], stream="b")
    assert value(of, 30) == expected


def test_a_stream_that_fell_silent_is_out_of_last() -> None:
    of = measure("sum(last)")
    feed(of, gauge(), [number(10, 10), number(60, 11)], stream="a")
    feed(of, gauge(), [number(20, 5)], stream="b")
    assert [value(of, 60), value(of, 79), value(of, 80), value(of, 120)] == [16, 16, 11, None]


def test_sums_add_up() -> None:
    for monotonic in (True, False):
        of = measure("last")
        for stream, amount in (("a", 10), ("b", 7)):
            feed(of, total(CUMULATIVE, monotonic=monotonic), [number(10, amount)], stream=stream)
        assert value(of, 20) == 17
    of = measure("increase")
    for stream in ("a", "b", "c"):
        feed(of, total(CUMULATIVE), [number(0, 50), number(10, 60)], stream=stream)
    assert value(of, 10) == 30


@pytest.mark.parametrize("apart", [0, 1, 5, 9])
def test_the_rate_of_streams_that_report_at_different_moments_is_the_sum_of_theirs(apart: float) -> None:
    of = measure("rate")
    for stream, begin, each in (("a", 0, 10), ("b", apart, 30)):
        points = [number(begin + 10 * i, each * i) for i in range(4)]
        feed(of, total(CUMULATIVE), points, stream=stream)
    assert value(of, 40) == pytest.approx(4.0)


def test_the_rate_stays_where_one_process_takes_over_from_another() -> None:
    of = measure("rate")
    feed(of, total(DELTA), [number(s, 100, s - 10) for s in range(10, 31, 10)], stream="before")
    feed(of, total(DELTA), [number(s, 100, s - 10) for s in range(40, 61, 10)], stream="after")
    rate = value(of, 60)
    assert rate is not None
    assert 10 <= rate <= 12  # true: 10; within one distance of points of the minute


def test_groups_are_apart_and_each_has_its_reading() -> None:
    of = measure("last")
    labels = [(("host", name),) for name in ("one", "two")]
    for each, amount in zip(labels, (1, 2), strict=True):
        feed(of, gauge(), [number(10, amount)], stream=str(each), labels=each)
    assert [value(of, 20, each) for each in labels] == [1, 2]
    listed = (("hosts", ["a", "b"]),)
    feed(of, gauge(), [number(10, 3)], stream="listed", labels=listed)
    assert value(of, 20, listed) == 3


def test_changed_tells_only_what_may_have_changed() -> None:
    of = measure("sum")
    one, two = (("host", "one"),), (("host", "two"),)
    feed(of, gauge(), [number(10, 1)], stream="one", labels=one)
    feed(of, gauge(), [number(20, 2)], stream="two", labels=two)
    assert {each.labels for each in of.changed(at(30))} == {one, two}
    assert list(of.changed(at(31))) == []
    assert [(each.labels, each.value) for each in of.changed(at(70))] == [(one, None)]
    feed(of, gauge(), [number(75, 5)], stream="two", labels=two)
    assert [(each.labels, each.value) for each in of.changed(at(76))] == [(two, 7)]
    assert [(each.labels, each.value) for each in of.changed(at(80))] == [(two, 5)]
    assert {each.labels: each.value for each in of.readings(at(500))} == {one: None, two: None}
    assert reading(of, 600, two).last_ns == at(75)


def test_points_of_a_reading_are_bounded_and_in_order() -> None:
    of = measure("last")
    for seconds in range(0, 3000, 2):
        of.take(SHOP, "a", gauge(), number(seconds, seconds), at(seconds))
        list(of.changed(at(seconds)))
    points = reading(of, 2998).points
    assert len(points) == 120
    assert list(points) == sorted(points)
    assert points[-1] == (at(2998), 2998.0)
    assert len(points[-3:]) == 3
    assert points[0][0] <= at(2998 - 590)


def test_room_is_bounded_and_the_longest_silent_goes_first() -> None:
    of = measure("last", max_series=3)
    for index, name in enumerate("abcadb"):
        feed(of, gauge(), [number(index, index)], stream=name, labels=(("host", name),))
    # d takes the place of b (a was touched again), then b that of c
    assert sorted(each.labels[0][1] for each in of.readings(at(10))) == ["a", "b", "d"]
    assert of.evicted == 2


def test_an_evicted_stream_leaves_the_others_of_its_group() -> None:
    of = measure("sum(last)", max_series=2)
    for name, amount in (("a", 1), ("b", 2), ("c", 4)):
        feed(of, gauge(), [number(10, amount)], stream=name)
    assert (value(of, 20), of.evicted) == (6, 1)


def test_forget() -> None:
    of = measure("last")
    feed(of, gauge(), [number(10, 1)])
    of.forget(SHOP)
    assert list(of.readings(at(10))) == []
    feed(of, gauge(), [number(20, 2)])
    assert value(of, 20) == 2


def test_a_restart_makes_no_false_rate_and_no_false_reset() -> None:
    before = measure("increase")
    feed(before, total(CUMULATIVE), [number(0, 100, -900), number(10, 150, -900)])
    after = measure("increase")
    after.restore(before.to_bytes())
    feed(after, total(CUMULATIVE), [number(30, 170, -900)])
    assert (value(after, 30), after.resets) == (20, 0)
    again = measure("increase")
    again.restore(measure_with_nothing_new(before.to_bytes()))
    feed(again, total(CUMULATIVE), [number(40, 7, 35)])
    assert (value(again, 40), again.resets) == (7, 1)


def measure_with_nothing_new(kept: bytes) -> bytes:
    """A run in which the stream said nothing: what was kept stays kept."""
    idle = measure("increase")
    idle.restore(kept)
    return idle.to_bytes()


def test_kept_totals_are_bounded_and_only_for_the_same_aggregation() -> None:
    of = measure("rate", max_series=5)
    for index in range(20):
        feed(of, total(CUMULATIVE), [number(10, index)], stream=f"s{index}")
    other = measure("increase")
    other.restore(of.to_bytes())
    feed(other, total(CUMULATIVE), [number(20, 99)], stream="s19")
    assert value(other, 20) is None
    assert of.to_bytes().count(b"[") == 6


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"[]", b"null", b'{"version":1}', b"\xff\xfe", b'{"version":1,"aggregate":"rate","streams":[[1]]}'],
)
def test_damaged_bytes_are_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError):
        measure("rate").restore(damaged)


def test_words() -> None:
    assert parse_aggregation("p99.9") == Aggregate(Aggregation.QUANTILE, 0.999)
    assert parse_aggregation(" P95 ") == Aggregate(Aggregation.P95, 0.95)
    assert parse_aggregation("max( last )") == Aggregate(Aggregation.LAST, across=Across.MAX)
    assert [str(parse_aggregation(word)) for word in ("p99.9", "sum(last)", "rate", "p50")] == [
        "p99.9",
        "sum(last)",
        "rate",
        "p50",
    ]
    for kind in Aggregation:
        if kind is not Aggregation.QUANTILE:
            assert parse_aggregation(kind).kind is kind
    for wrong in ("mean", "p101", "p", "quantile", "p-5", "sum(avg)", ""):
        with pytest.raises(ValueError, match="no aggregation"):
            parse_aggregation(wrong)
    with pytest.raises(ValueError, match="number"):
        Aggregate(Aggregation.QUANTILE)


def test_a_window_and_room_are_needed() -> None:
    for window, room in ((0, 1), (S, 0)):
        with pytest.raises(ValueError, match="needs"):
            measure("last", window / S, max_series=room)
