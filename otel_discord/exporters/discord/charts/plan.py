"""An alert's series as a chart: the line, the threshold, when it was crossed, where to look. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from otel_discord.exporters.discord.charts.breaches import Moments, breaches
from otel_discord.exporters.discord.charts.points import MOST_POINTS, Point, downsampled, finite, held, in_order, runs
from otel_discord.exporters.discord.charts.shapes import ChartPlan, Label, Span, Spot, Worst
from otel_discord.exporters.discord.charts.time_axis import NS, TimeAxis, marks, time_axis, time_labels
from otel_discord.exporters.discord.charts.value_axis import ValueAxis, value_axis, value_labels
from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.signals.alert_threshold import Bound, Condition, parse_condition
from otel_discord.signals.severity import Severity
from otel_discord.templating.quantities import is_said_in_percent, show
from otel_discord.templating.wording import duration

_LINE: Final = 0.17
"""The height of a line of text, as a share of the height."""
_HAIR: Final = 0.004
"""What can be seen, as a share of the width."""
_NEWEST: Final = 20_000
"""Of a longer series the newest points are drawn."""


def plan_chart(event: AlertEvent, *, gaps_are_marked: bool = False) -> ChartPlan | None:
    """Return the chart of an alert's series; None where there is no line to see: fewer than two times with a value.

    ``gaps_are_marked``: the series has a NaN for each time without data; else a long silence is one.
    """
    series = in_order(event.series)[-_NEWEST:]
    known = finite(series)
    if len({at_ns for at_ns, _ in known}) < 2:
        return None
    condition = _condition(event.threshold)
    bound = None if condition is None else _bound(condition, event.unit)
    is_low = condition is not None and condition.looks_down
    as_percent = is_said_in_percent(
        event.unit, event.metric, written_in_percent=condition is not None and condition.in_percent
    )
    values = value_axis([value for _, value in known], None if bound is None else bound.limit)
    times = time_axis(known, event.started_ns, event.ended_ns)
    lines = runs(held(series, values.low, values.high), gaps_are_marked=gaps_are_marked)
    marked = marks(times, event.started_ns, event.ended_ns)
    is_start_shown = bool(event.started_ns) and times.holds(event.started_ns)
    worst = (min if is_low else max)(
        (point for point in series if point[1] == point[1] and times.holds(point[0])), key=lambda point: point[1]
    )
    worst_text = show(worst[1], event.unit, as_percent=as_percent)
    plan = ChartPlan(
        lines=_spots(lines, times, values),
        value_labels=[
            Label(values.share(value), text) for value, text in value_labels(values, event.unit, as_percent=as_percent)
        ],
        time_labels=time_labels(times, event.started_ns if is_start_shown else known[-1][0], marked),
        marks=marked,
        worst=Worst(Spot(times.share(worst[0]), values.share(worst[1])), worst_text, is_low),
        is_over=event.state is AlertState.RESOLVED,
        is_severe=event.severity_number >= Severity.ERROR,
        description=_in_words(event, known, worst_text, as_percent=as_percent, is_low=is_low),
    )
    if condition is None or bound is None:
        return plan
    at = values.share(bound.limit)
    return replace(
        plan,
        value_labels=[label for label in plan.value_labels if abs(label.at - at) >= _LINE],
        threshold=at,
        threshold_text=f"{condition.sign} {show(bound.limit, event.unit, as_percent=as_percent)}",
        breaches=_spans(breaches(lines, bound), times),
        bad_is_low=is_low if is_low or condition.looks_up else None,
    )


def _condition(text: str) -> Condition | None:
    """Return the threshold; None for what is no comparison, such as ``no data for 5m``."""
    try:
        return parse_condition(text)
    except ValueError:
        return None


def _bound(condition: Condition, unit: str) -> Bound | None:
    """Return a threshold in the unit of the values; where units do not go together its number counts as it stands."""
    return condition.bound_to(unit) or Condition(condition.text, condition.sign, condition.amount).bound_to("")


def _spots(lines: Sequence[Sequence[Point]], times: TimeAxis, values: ValueAxis) -> list[list[Spot]]:
    total = sum(len(line) for line in lines)
    return [
        [
            Spot(times.share(at_ns), values.share(value))
            for at_ns, value in downsampled(line, max(4, MOST_POINTS * len(line) // total))
        ]
        for line in lines
    ]


def _spans(moments: Sequence[Moments], times: TimeAxis) -> list[Span]:
    """Return spans of the width; those with no gap between them that can be seen are one."""
    found: list[Span] = []
    for start_ns, end_ns in moments:
        start, end = times.share(start_ns), times.share(end_ns)
        if found and start - found[-1].end < _HAIR:
            found[-1] = Span(found[-1].start, end)
        else:
            found.append(Span(start, end))
    return found


def _in_words(event: AlertEvent, known: Sequence[Point], worst: str, *, as_percent: bool, is_low: bool) -> str:
    """Return what a reader who does not see the chart should know of it."""
    length = duration(max(1, round((known[-1][0] - known[0][0]) / NS)))
    last = show(known[-1][1], event.unit, as_percent=as_percent)
    limit = f", threshold {event.threshold}" if event.threshold else ""
    extreme = "lowest" if is_low else "highest"
    return f"{event.metric or event.name} over {length}: {extreme} {worst}, last {last}{limit}"
