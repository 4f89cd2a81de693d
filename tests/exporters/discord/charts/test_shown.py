"""When a chart in Discord is worth another upload."""

from dataclasses import replace
from typing import Any

import pytest

from otel_discord.exporters.discord.charts.shown import REFUSED, UNKNOWN, ShownChart
from otel_discord.signals.alert_event import AlertState
from tests.exporters.discord.charts.alerts import NS, T0_NS, alert

FIRST = replace(alert([10.0, 20.0] * 60, start=60, threshold="> 15"), fingerprint="a")  # of ten minutes


def later(seconds: int, *values: float, **changes: Any) -> Any:
    points = [(FIRST.series[-1][0] + seconds * NS, value) for value in values]
    return replace(FIRST, series=[*FIRST.series, *points], **changes)


@pytest.mark.parametrize(
    ("now", "is_outdated"),
    [
        (FIRST, False),
        (later(299, 15.0), False),
        (later(300, 15.0), True),
        (later(60, 24.0), False),
        (later(60, 25.1), True),
        (later(60, 4.9), True),
        (later(59, 900.0), False),
        (replace(FIRST, severity="critical"), True),
        (replace(FIRST, threshold="> 18"), True),
        (replace(FIRST, state=AlertState.RESOLVED), True),
        (replace(FIRST, fingerprint="b"), True),
        (replace(FIRST, value=17.0, state=AlertState.UPDATED), False),
        (replace(FIRST, series=()), False),
    ],
)
def test_it_is_drawn_again_when_there_is_something_else_to_see(now: Any, is_outdated: bool) -> None:
    assert ShownChart.of("chart.png", FIRST).is_outdated(now) is is_outdated


def test_an_end_is_drawn_once() -> None:
    ended = later(10, 12.0, state=AlertState.RESOLVED)
    shown = ShownChart.of("chart.png", ended)
    assert not shown.is_outdated(later(900, 12.0, state=AlertState.RESOLVED))


def test_a_day_is_a_few_uploads() -> None:
    shown, uploads = ShownChart.of("chart.png", FIRST), 1
    for minute in range(1, 24 * 60):
        now = later(minute * 60, 15.0)
        if shown.is_outdated(now):
            shown, uploads = ShownChart.of("chart.png", now), uploads + 1
    assert uploads <= 14


def test_what_is_not_known_has_no_name() -> None:
    assert not UNKNOWN.name
    assert not REFUSED.name
    assert (UNKNOWN.refused, REFUSED.refused) == (False, True)
    assert ShownChart.of("x", replace(FIRST, series=[(T0_NS, float("inf"))])).first_ns == 0
