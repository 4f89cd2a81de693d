"""The values of an alert over its life: bounded, in order, its start, end and extremes always in it."""

import math
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from otel_discord.exporters.discord.alerts.group import MAX_MEMBERS, MAX_SERIES, AlertGroup, Arrival
from otel_discord.exporters.discord.alerts.member import slim
from otel_discord.exporters.discord.alerts.series import MOST_GAPS, MOST_KEPT, Series
from otel_discord.exporters.discord.charts import plan_chart
from otel_discord.exporters.discord.charts.points import Point, runs
from tests.exporters.discord.alerting import at, firing, resolved, updated
from tests.exporters.discord.drawing import series, with_series

POINTS = st.lists(
    st.tuples(st.integers(1, 10_000).map(lambda second: second * 10**9), st.floats(allow_subnormal=False)), max_size=150
)


def values(points: list[Point]) -> list[Point]:
    return [point for point in points if not math.isnan(point[1])]


@settings(max_examples=200, deadline=None)
@given(st.lists(POINTS, max_size=5))
def test_any_events_in_any_order(told: list[list[Point]]) -> None:
    kept = Series()
    known: dict[int, float] = {}
    for points in told:
        kept = kept.after(points)
        known |= {at_ns: value for at_ns, value in sorted(points) if math.isfinite(value)}
        shown = values(kept.points())
        assert len(shown) <= MOST_KEPT
        assert len(kept.points()) <= MOST_KEPT + MOST_GAPS
        times = [at_ns for at_ns, _ in kept.points()]
        assert all(earlier < later for earlier, later in pairwise(times))
        assert {at_ns for at_ns, _ in shown} <= known.keys()
        assert not known or (times[0], times[-1]) == (min(known), max(known))
    assert Series.stored(*zip(*kept.points(), strict=True)) == kept if kept else kept == Series()


@settings(max_examples=100, deadline=None)
@given(POINTS, POINTS)
def test_extremes_are_kept(first: list[Point], second: list[Point]) -> None:
    known = dict(sorted(point for point in first if math.isfinite(point[1])))
    known |= dict(sorted(point for point in second if math.isfinite(point[1])))
    told = {at_ns for at_ns, _ in second}
    shown = values(Series.of(first).after(second).points())
    if known and not told & {at_ns for at_ns, _ in first}:
        assert max(value for _, value in shown) == max(known.values())
        assert min(value for _, value in shown) == min(known.values())


def test_few_points_are_all_kept_and_the_later_told_value_counts() -> None:
    kept = Series.of([(at(0), 1.0), (at(5), 2.0)]).after([(at(5), 3.0), (at(10), 4.0)])
    assert kept.points() == [(at(0), 1.0), (at(5), 3.0), (at(10), 4.0)]
    assert Series.of([(at(0), math.nan), (at(1), math.inf), (-5, 1.0), (2**70, 1.0)]) == Series()


def test_a_long_alert_still_shows_its_start_and_no_gaps_that_are_none() -> None:
    kept = Series()
    for now_s in range(0, 86_400, 60):
        kept = kept.after(series(now_s, base=float(now_s % 7)))
    assert kept.points()[0][0] == at(-595)
    assert kept.points()[-1][0] == at(86_340)
    assert len(runs(kept.points(), gaps_are_marked=True)) == 1


def test_times_without_data_are_marked_within_an_event_and_between_two() -> None:
    broken = [*series(0, count=40), *series(900, count=40)]
    kept = Series.of(broken)
    assert len(runs(kept.points(), gaps_are_marked=True)) == 2
    later = kept.after(series(9_000))
    assert len(runs(later.points(), gaps_are_marked=True)) == 3
    assert len(runs(later.after(series(9_060)).points(), gaps_are_marked=True)) == 3


def test_what_is_stored_is_what_was_there_and_what_is_broken_is_nothing() -> None:
    group = AlertGroup.opened_by(Arrival(slim(with_series(firing(0)), 0)), 0)
    group = group.after(Arrival(slim(with_series(updated(0, 3_000)), 0)), is_told=True)
    again = AlertGroup.from_bytes(group.to_bytes())
    assert again == group
    assert again is not None
    assert values(list(again.lead.series)) == values(list(group.lead.series))
    assert plan_chart(group.lead, gaps_are_marked=True) is not None
    assert Series.stored([1, 2], [1.0]) == Series()
    assert Series.stored(range(1, 900), [1.0] * 899) == Series()


def test_a_new_life_begins_its_series_anew() -> None:
    group = AlertGroup.opened_by(Arrival(slim(with_series(resolved(0, 60)), 0)), 0)
    group = group.after(Arrival(slim(with_series(firing(9_000)), 0)), is_told=False)
    assert group.lead.series[0][0] == at(9_000 - 595)


def test_an_event_without_points_keeps_those_that_are_known() -> None:
    group = AlertGroup.opened_by(Arrival(slim(with_series(firing(0)), 0)), 0)
    ended = group.after(Arrival(slim(resolved(0, 60), 0)), is_told=True)
    assert ended.is_over
    assert ended.lead.series == group.lead.series


def test_a_large_group_stays_small() -> None:
    alone = slim(with_series(firing(0, fingerprint="0")), 0)
    group = AlertGroup.opened_by(Arrival(alone), 0)
    for number in range(1, MAX_MEMBERS):
        told = with_series(firing(number, fingerprint=str(number), labels={"n": number}))
        group = group.after(
            Arrival(slim(replace(told, severity="critical" if number > 200 else "warning"), 0)), is_told=False
        )
    charted = [identity for identity, member in group.members.items() if member.series]
    assert charted == ["201", "202", "203", "204", "205"]
    assert len(charted) == MAX_SERIES
    assert list(group.members) == [str(number) for number in range(MAX_MEMBERS)]
    assert group.lead.identity == "201"
    bare = AlertGroup.from_bytes(group.to_bytes())
    assert bare == group
    without = sum(len(member.record) for member in group.members.values())
    assert len(group.to_bytes()) - without < 14_000
