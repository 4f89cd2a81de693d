"""The axis of time: counted from the start of the alert, labels that do not touch."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.charts.time_axis import NS, TimeAxis, marks, time_axis, time_labels
from tests.exporters.discord.charts.alerts import T0_NS


def test_it_is_as_long_as_the_series() -> None:
    assert time_axis([(5, 1.0), (10, 1.0)], 0, 0) == TimeAxis(5, 10)


@pytest.mark.parametrize(
    ("started", "ended", "expected"),
    [
        (50, 0, (50, 200)),
        (49, 0, (100, 200)),
        (120, 250, (100, 250)),
        (120, 251, (100, 200)),
        (150, 180, (100, 200)),
    ],
)
def test_start_and_end_make_it_longer_where_they_are_near(started: int, ended: int, expected: tuple[int, int]) -> None:
    axis = time_axis([(100, 1.0), (200, 1.0)], started, ended)
    assert (axis.first_ns, axis.last_ns) == expected


def test_one_moment_has_room_on_both_sides() -> None:
    assert time_axis([(T0_NS, 1.0)], 0, 0).share(T0_NS) == 0.5


@pytest.mark.parametrize(
    ("length_s", "origin_s", "expected"),
    [
        (60, 60, ["−45 s", "−30 s", "−15 s"]),
        (600, 300, ["−4 m", "−2 m", "+2 m", "+4 m"]),
        (3600, 3600, ["−45 m", "−30 m", "−15 m"]),
        (86_400, 0, ["+6 h", "+12 h", "+18 h"]),
        (10**12, 0, []),
    ],
)
def test_labels_at_whole_steps(length_s: int, origin_s: int, expected: list[str]) -> None:
    axis = TimeAxis(T0_NS, T0_NS + length_s * NS)
    assert [label.text for label in time_labels(axis, T0_NS + origin_s * NS, [])] == expected


def test_marks_come_first_and_what_would_touch_them_is_left_out() -> None:
    axis = TimeAxis(T0_NS, T0_NS + 600 * NS)
    marked = marks(axis, T0_NS + 300 * NS, T0_NS + 420 * NS)
    assert [(mark.at, mark.text) for mark in marked] == [(0.5, "start"), (0.7, "end +2 m")]
    assert [label.text for label in time_labels(axis, T0_NS + 300 * NS, marked)] == ["−4 m", "−2 m", "+4 m"]


def test_an_end_close_to_the_start_stands_alone() -> None:
    axis = TimeAxis(T0_NS, T0_NS + 600 * NS)
    assert [mark.text for mark in marks(axis, T0_NS + 300 * NS, T0_NS + 310 * NS)] == ["", "end +10 s"]


def test_marks_outside_are_none() -> None:
    axis = TimeAxis(T0_NS, T0_NS + 600 * NS)
    assert marks(axis, T0_NS - 1, T0_NS + 601 * NS) == []
    assert [mark.text for mark in marks(axis, 0, T0_NS + NS)] == ["end"]


MOMENT = st.integers(0, 2**63)


@given(MOMENT, st.integers(1, 2**62), MOMENT, MOMENT)
def test_labels_do_not_touch(first_ns: int, length_ns: int, started_ns: int, ended_ns: int) -> None:
    axis = time_axis([(first_ns, 0.0), (first_ns + length_ns, 0.0)], started_ns, ended_ns)
    marked = marks(axis, started_ns, ended_ns)
    origin_ns = started_ns if started_ns and axis.holds(started_ns) else axis.last_ns
    labels = time_labels(axis, origin_ns, marked)
    assert len(labels) <= 8
    places = sorted([label.at for label in labels] + [mark.at for mark in marked if mark.text])
    assert all(0 <= place <= 1 for place in places)
    assert all(later - earlier > 0.05 for earlier, later in pairwise(places))
