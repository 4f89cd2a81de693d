"""What a rate may say of streams that have just begun, have gaps, restart, end or come in crowds. Window one minute."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.metrics.v1.metrics_pb2 import NumberDataPoint

from otel_discord.connectors.threshold.measures import Measure
from tests.connectors.threshold.measures.points import (
    CUMULATIVE,
    DELTA,
    SHOP,
    S,
    at,
    buckets,
    feed,
    gauge,
    histogram,
    measure,
    number,
    total,
    value,
)

BLINK = 0.0003
"""Seconds between a first use and the export of it, as a JavaScript application has them."""


def rate_at(now: float, temporality: int, *streams: Sequence[NumberDataPoint], window: float = 60) -> float | None:
    """Return the rate of streams of one group; every point arrives at its own time."""
    of = measure("rate", window)
    arriving = [(point.time_unix_nano, name, point) for name, points in enumerate(streams) for point in points]
    for arrives_ns, name, point in sorted(arriving, key=lambda each: each[:2]):
        if arrives_ns <= at(now):
            of.take(SHOP, name, total(temporality), point, arrives_ns)
    return value(of, now)


@pytest.mark.parametrize("temporality", [CUMULATIVE, DELTA])
class TestFirstPoints:
    def test_one_request_just_before_an_export_is_one_in_a_window(self, temporality: int) -> None:
        assert rate_at(30, temporality, [number(30, 1, 30 - BLINK)]) == pytest.approx(1 / 60)

    def test_a_histogram_says_the_same(self, temporality: int) -> None:
        of = measure("rate")
        feed(of, histogram(temporality), [buckets(30, (1.0,), (1, 0), 0.1, 30 - BLINK)])
        assert value(of, 30) == pytest.approx(1 / 60)

    def test_a_second_point_soon_after_does_not_change_that(self, temporality: int) -> None:
        count = 6 if temporality == CUMULATIVE else 5
        since = 30 - BLINK if temporality == CUMULATIVE else 30
        points = [number(30, 1, 30 - BLINK), number(31, count, since)]
        assert rate_at(31, temporality, points) == pytest.approx(6 / 60)

    @pytest.mark.parametrize("streams", [1, 2, 100])
    def test_each_request_with_its_own_attributes(self, temporality: int, streams: int) -> None:
        """What came is what is told, however many streams it is in, and until the last has left the window."""
        when = [10 * (1 + index % 5) + index / 1000 for index in range(streams)]
        crowd = [[number(each, 1, each - BLINK)] for each in when]
        for now in (60, 75, 95, 105):
            left = sum(1 for each in when if now - 60 < each)
            # rows leave by the newest of their points, so up to a thirtieth of a window later
            found = rate_at(now, temporality, *crowd)
            assert found == pytest.approx(left / 60, rel=0.05) if left else found is None

    def test_one_more_beside_a_steady_stream_adds_itself(self, temporality: int) -> None:
        for late in (5, 35, 55):
            steady = counted(10, range(-120, 61, 10), temporality)
            found = rate_at(60, temporality, steady, [number(late, 30, late - BLINK)])
            assert found == pytest.approx(10.5, rel=0.01), late

    def test_crowds_beside_a_steady_stream(self, temporality: int) -> None:
        steady = counted(10, range(-120, 61, 10), temporality)
        crowd = [[number(each / 10, 1, each / 10 - BLINK)] for each in range(1, 600)]
        assert rate_at(60, temporality, steady, *crowd) == pytest.approx(
            10 + 599 / 60, rel=0.1
        )  # the steady one brings ten seconds more or less


def counted(per_s: float, times: range, temporality: int, start: float = -3600) -> list[NumberDataPoint]:
    """Return points of a stream that goes on evenly since ``start``."""
    if temporality == CUMULATIVE:
        return [number(each, per_s * (each - start), start) for each in times]
    return [number(each, per_s * times.step, each - times.step) for each in times]


class TestRestarts:
    def test_a_process_that_restarts_keeps_its_rate(self) -> None:
        before = counted(10, range(-120, 31, 10), CUMULATIVE)
        again = [number(each, 10 * (each - 32), 32) for each in (40, 50, 60)]
        assert rate_at(60, CUMULATIVE, [*before, *again]) == pytest.approx(10, rel=0.04)  # two seconds are lost

    def test_in_another_stream(self) -> None:
        before = counted(10, range(-120, 31, 10), CUMULATIVE)
        again = [number(each, 10 * (each - 32), 32) for each in (40, 50, 60)]
        assert rate_at(60, CUMULATIVE, before, again) == pytest.approx(10, rel=0.08)

    def test_just_before_an_export(self) -> None:
        before = counted(10, range(-120, 31, 10), CUMULATIVE)
        found = rate_at(40, CUMULATIVE, [*before, number(40, 3, 40 - BLINK)])
        assert found == pytest.approx((500 + 3) / 60, rel=0.001)

    def test_of_a_counter_that_was_seen_once(self) -> None:
        points = [number(30, 9999, -3600), number(40, 3, 40 - BLINK)]
        assert rate_at(40, CUMULATIVE, points) == pytest.approx(3 / 10, rel=0.001)  # it was away for ten seconds


class TestGaps:
    def test_a_burst_between_gaps_is_what_it_is_over_the_window(self) -> None:
        """Deltas are not sent where nothing came."""
        assert rate_at(50, DELTA, [number(-300, 5, -310), number(50, 100, 40)]) == pytest.approx(100 / 60)
        assert rate_at(50, DELTA, [number(30, 40, 20), number(50, 60, 49)]) == pytest.approx(100 / 60)

    def test_after_a_gap_a_stream_has_its_old_rate_again_in_a_window(self) -> None:
        points = [number(each, 100, each - 10) for each in (*range(-400, -299, 10), *range(10, 101, 10))]
        found = [rate_at(now, DELTA, points) for now in (10, 30, 50, 60, 70, 100)]
        assert found == pytest.approx([100 / 60, 300 / 60, 500 / 60, 10, 10, 10])

    def test_what_leaves_the_window_does_not_make_the_rest_more(self) -> None:
        """No minute has more than 250; when the last ten seconds of them alone are left, it is still no 20 a second."""
        points = [number(each, 10, each - 10) for each in range(10, 60, 10)] + [number(60, 200, 50)]
        assert rate_at(60, DELTA, points) == pytest.approx(250 / 60)
        for now in range(60, 120):
            found = rate_at(now, DELTA, points)
            assert found is not None
            assert found <= 250 / 50
        assert rate_at(120, DELTA, points) is None

    def test_an_export_interval_longer_than_the_window(self) -> None:
        for temporality in (CUMULATIVE, DELTA):
            steady = counted(10, range(-600, 601, 150), temporality)
            for now in (0, 1, 30, 59):
                assert rate_at(now, temporality, steady) == pytest.approx(10)

    @pytest.mark.parametrize("distance", [7, 15, 25, 40, 50])
    def test_the_phase_of_a_window_does_not_matter(self, distance: int) -> None:
        for temporality in (CUMULATIVE, DELTA):
            steady = counted(10, range(-10 * distance, 10 * distance, distance), temporality)
            for phase in range(distance):
                assert rate_at(phase, temporality, steady) == pytest.approx(10)


class TestUnknownPasts:
    def test_what_was_before_the_first_point_is_not_known(self) -> None:
        old = counted(10, range(0, 21, 10), CUMULATIVE)
        assert [rate_at(now, CUMULATIVE, old) for now in (0, 10, 20)] == [None, 10, 10]

    def test_two_points_in_the_blink_of_an_eye(self) -> None:
        for metric in (total(CUMULATIVE), gauge()):
            of = measure("rate")
            feed(of, metric, [number(0, 100.0, -900), number(BLINK, 103.0, -900)])
            assert value(of, 1) == pytest.approx(3 / 6)  # a tenth of the window


Steps = Sequence[tuple[float, int, float]]
STEPS = st.lists(st.tuples(st.floats(0.5, 200), st.integers(0, 1000), st.floats(BLINK, 1)), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=4), st.integers(0, 70), st.sampled_from(["delta", "own start", "resets"]))
def test_a_known_past_is_never_exaggerated(streams: list[Steps], later: int, how: str) -> None:
    """What ``increase`` counts in the window, divided by the window, is exceeded by no more than is promised."""
    rate, increase, factor = measure("rate"), measure("increase"), 2.0 if len(streams) == 1 else 3.0
    temporality = DELTA if how == "delta" else CUMULATIVE
    arriving = sorted(arrivals(streams, how), key=lambda each: each[1].time_unix_nano)
    for name, point in arriving:
        for of in (rate, increase):
            of.take(SHOP, name, total(temporality), point, point.time_unix_nano)
        told_at_most(rate, increase, point.time_unix_nano, factor)
    told_at_most(rate, increase, arriving[-1][1].time_unix_nano + later * S, factor)


def told_at_most(rate: Measure, increase: Measure, now_ns: int, factor: float) -> None:
    found, counted = (next(iter(of.readings(now_ns))).value for of in (rate, increase))
    if found:
        assert counted is not None
        assert found * 60 <= counted * factor * 1.0001


def arrivals(streams: Sequence[Steps], how: str) -> list[tuple[str, NumberDataPoint]]:
    """Return points; each covers a part of the time since the one before, and nothing came in the rest."""
    made: list[tuple[str, NumberDataPoint]] = []
    for place, steps in enumerate(streams):
        seconds, start, count = float(place), 0.0, 0
        for index, (step, amount, part) in enumerate(steps):
            before, seconds = seconds, seconds + step
            count = amount if how != "own start" else count + amount
            if how != "own start" or not index:
                start = max(before, seconds - min(step * part, 55))
            made.append((f"s{place}", number(seconds, count, start)))
    return made
