"""An alert's series as a chart."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.charts.plan import plan_chart
from otel_discord.exporters.discord.charts.points import MOST_POINTS
from otel_discord.exporters.discord.charts.shapes import MarkKind
from otel_discord.signals.alert_event import AlertEvent, AlertState, alert_event
from tests.exporters.discord.charts.alerts import NS, T0_NS, alert


def test_a_spike() -> None:
    event = alert(
        lambda at: 100.0 if at < 90 else 1400.0, start=95, threshold="> 1000", metric="queue.depth", severity="critical"
    )
    plan = plan_chart(event)
    assert plan is not None
    assert [len(line) for line in plan.lines] == [120]
    assert [label.text for label in plan.value_labels] == ["0", "500", "1,500"], "1,000 is the threshold's"
    assert plan.threshold_text == "> 1,000"
    assert plan.threshold == pytest.approx(1000 / (1400 + 0.12 * 1300))
    assert len(plan.breaches) == 1
    assert plan.breaches[0].start == pytest.approx((89 + 900 / 1300) / 119)
    assert plan.breaches[0].end == 1.0
    assert plan.bad_is_low is False
    assert [(mark.kind, mark.text) for mark in plan.marks] == [(MarkKind.START, "start")]
    assert plan.worst is not None
    assert plan.worst.text == "1,400"
    assert plan.is_severe
    assert not plan.is_over
    assert plan.description == "queue.depth over 9 m 55 s: highest 1,400, last 1,400, threshold > 1000"


def test_a_resolved_alert_of_a_lower_threshold_in_percent() -> None:
    plan = plan_chart(
        alert(
            lambda at: 0.5 if at < 60 or at > 80 else 0.02,
            start=60,
            end=85,
            threshold="< 5 %",
            unit="1",
            metric="disk.free",
        )
    )
    assert plan is not None
    assert plan.is_over
    assert not plan.is_severe
    assert plan.bad_is_low is True
    assert plan.worst is not None
    assert plan.worst.is_low
    assert plan.worst.text == "2 %"
    assert plan.threshold_text == "< 5 %"
    assert [mark.text for mark in plan.marks] == ["start", "end +2 m 5 s"]
    assert all(label.text.endswith(" %") for label in plan.value_labels)


@pytest.mark.parametrize("threshold", ["", "no data for 5m", "a and b", "> ", "> nonsense"])
def test_what_is_no_comparison_has_no_line(threshold: str) -> None:
    plan = plan_chart(alert([1.0, 2.0, 3.0], threshold=threshold))
    assert plan is not None
    assert plan.threshold is None
    assert plan.threshold_text == ""
    assert plan.breaches == ()
    assert plan.bad_is_low is None


def test_a_threshold_in_another_unit_is_converted_and_one_of_something_else_counts_as_it_stands() -> None:
    plan = plan_chart(alert([100.0, 900.0], threshold="> 0.5 s", unit="ms"))
    assert plan is not None
    assert plan.threshold_text == "> 500 ms"
    plan = plan_chart(alert([10.0, 90.0], threshold="> 80 %", unit="By"))
    assert plan is not None
    assert plan.threshold_text == "> 80 B"


def test_equality_has_no_bad_side() -> None:
    plan = plan_chart(alert([1.0, 0.0, 0.0], threshold="== 0"))
    assert plan is not None
    assert plan.bad_is_low is None
    assert len(plan.breaches) == 1


@pytest.mark.parametrize("values", [[], [1.0], [math.nan, math.nan], [math.inf, math.inf], [math.nan, 1.0]])
def test_nothing_to_see(values: list[float]) -> None:
    assert plan_chart(alert(values)) is None


def test_points_of_one_moment_are_no_line() -> None:
    assert plan_chart(alert([], series=[(T0_NS, 1.0), (T0_NS, 2.0)])) is None


def test_an_infinite_value_is_at_the_edge_and_the_worst() -> None:
    plan = plan_chart(alert([1.0, 2.0, math.inf, 1.0], threshold="> 5"))
    assert plan is not None
    assert [spot.y for line in plan.lines for spot in line][2] == 1.0
    assert plan.worst is not None
    assert plan.worst.text == "infinite"
    assert len(plan.breaches) == 1


def test_a_series_out_of_order_is_put_in_order_and_gaps_stay() -> None:
    series = [(T0_NS + at * NS, float(at)) for at in (5, 3, 4, 0, 1, 2, 50, 51)]
    plan = plan_chart(alert([], series=series))
    assert plan is not None
    assert [len(line) for line in plan.lines] == [6, 2]


def test_a_long_series_is_thinned() -> None:
    plan = plan_chart(alert(lambda at: float(at % 977), count=30_000, step_s=1))
    assert plan is not None
    assert sum(map(len, plan.lines)) <= MOST_POINTS


def test_it_survives_the_way_through_a_log_record() -> None:
    event = alert(float, start=60, end=90, threshold="> 50", unit="{job}", metric="queue.depth")
    record = event.to_record()
    came = alert_event(record)
    assert came is not None
    assert plan_chart(came) == plan_chart(event)


def test_breaches_too_close_to_be_told_apart_are_one() -> None:
    plan = plan_chart(alert(lambda at: float(at % 2), count=20_000, step_s=1, threshold="> 0.5"))
    assert plan is not None
    assert len(plan.breaches) == 1
    plan = plan_chart(alert(lambda at: float(at % 2), count=40, step_s=1, threshold="> 0.5"))
    assert plan is not None
    assert len(plan.breaches) == 20


@given(
    st.lists(st.tuples(st.integers(0, 2**63), st.floats()), max_size=40),
    st.sampled_from(["> 5", "< -1e300", "== 0", "!= 1", ">= 80 %", "no data", ""]),
    st.sampled_from(["By", "s", "1", "%", "{x}", "", "?", "By/s"]),
    st.integers(0, 2**63),
    st.integers(0, 2**63),
)
def test_any_series_is_within_the_picture(
    series: list[tuple[int, float]], threshold: str, unit: str, started_ns: int, ended_ns: int
) -> None:
    event = AlertEvent(
        name="x",
        state=AlertState.FIRING,
        series=series,
        threshold=threshold,
        unit=unit,
        started_ns=started_ns,
        ended_ns=ended_ns,
    )
    plan = plan_chart(event)
    if plan is None:
        return
    assert plan.lines
    assert plan.worst is not None
    for line in plan.lines:
        assert line
        assert all(earlier.x <= later.x for earlier, later in pairwise(line))
    places = [spot for line in plan.lines for spot in line] + [plan.worst.spot]
    shares = [share for spot in places for share in (spot.x, spot.y)]
    shares += [share for span in plan.breaches for share in (span.start, span.end)]
    shares += [mark.at for mark in plan.marks] + [label.at for label in plan.time_labels]
    shares += [] if plan.threshold is None else [plan.threshold]
    assert all(0 <= share <= 1 for share in shares)
    assert all(-0.01 <= label.at <= 1.01 for label in plan.value_labels)
    assert plan.description
