"""Values, conditions and times of alerts, as people say them."""

from dataclasses import replace

import pytest

from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.alerts.member import Member, slim
from otel_discord.exporters.discord.alerts.values import alert_values
from otel_discord.exporters.discord.alerts.wording import (
    condition_text,
    shown_condition,
    shown_value,
    span_text,
    value_text,
    why_over,
)
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_templates import built_in_template
from otel_discord.signals.alert_event import AlertEvent, AlertState
from tests.exporters.discord.alerting import firing, resolved


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1240.0, "", "1,240"),
        (1240.0, "{job}", "1,240"),
        (1.5 * 2**30, "By", "1.5 GiB"),
        (192.0, "s", "3 m 12 s"),
        (12.0, "ms", "12 ms"),
        (82.0, "%", "82 %"),
        (2048.0, "By/s", "2 KiB/s"),
        (3.0, "{request}/s", "3/s"),
        (3.0, "Cel", "3 Cel"),
        (None, "By", ""),
    ],
)
def test_values(value: float | None, unit: str, text: str) -> None:
    assert value_text(value, unit) == text


@pytest.mark.parametrize(
    ("threshold", "unit", "text"),
    [
        ("> 1000", "{job}", "above 1,000"),
        (">= 0.5", "1", "at or above 0.5"),
        ("< 80%", "1", "below 80 %"),
        ("> 1_500ms", "s", "above 1,500 ms"),
        ("> 1073741824", "By", "above 1 GiB"),
        ("burn rate over 14.4", "", "burn rate over 14.4"),
        ("", "", ""),
    ],
)
def test_conditions(threshold: str, unit: str, text: str) -> None:
    assert condition_text(threshold, unit) == text


def test_shares_are_percent_where_the_rule_or_the_metric_says_so() -> None:
    share = firing(0, unit="1", metric="system.memory.utilization", threshold="> 0.8", value=0.823)
    assert shown_value(share, share.value) == "82.3 %"
    assert shown_condition(share) == "above 80 %"
    assert shown_value(firing(0, unit="1", threshold="> 80%"), 0.5) == "50 %"


def test_a_value_is_said_as_the_rule_says_it() -> None:
    """Else the summary would have 1.96 % and the line below it 2 %."""
    quotient = firing(0, unit="1", metric="errors / requests", threshold="> 1 %", value=0.019571, peak=0.019571)
    quotient = replace(quotient, summary="1.96 % of requests failed")
    assert firing_line(quotient, timestamps=False) == "above 1 % · peak 1.96 %"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (840, "14 minutes"),
        (7500, "2 hours 5 minutes"),
        (90_000, "1 day 1 hour"),
        (86_400 * 3, "3 days"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    assert span_text(seconds) == text


def firing_line(event: AlertEvent, *, timestamps: bool = True) -> str:
    """Return the line of an alert that fires, as its template has it."""
    group = AlertGroup(members={event.identity: Member.of(event)}, opened_ns=0, told_severity=event.severity_number)
    template = built_in_template("alert_firing")
    only = replace(template, description=template.description[2:3])
    return only.render(alert_values(group, RenderOptions(timestamps=timestamps))).description


def test_the_value_is_told_where_the_summary_lacks_it() -> None:
    assert firing_line(firing(0, 180)).startswith("above 1,000 · started ")
    assert firing_line(firing(0, 180, value=7.0)).startswith("now 7 · above 1,000")
    assert firing_line(firing(0, 0, value=None, peak=None, threshold=""), timestamps=False) == ""


def test_time_that_goes_on_by_itself_and_time_in_words() -> None:
    begun_s = firing(0).started_ns // 10**9
    lines = {firing_line(firing(0, seconds)) for seconds in (0, 180, 90_000)}
    assert lines == {f"above 1,000 · started <t:{begun_s}:t> (<t:{begun_s}:R>) · peak 1,410"}
    assert firing_line(firing(0, 180), timestamps=False) == "above 1,000 for 3 minutes · peak 1,410"
    assert firing_line(firing(0, 180, started_ns=0)) == "above 1,000 · peak 1,410"


@pytest.mark.parametrize(
    ("resolution", "text"),
    [
        ("recovered", "no longer above 1,000"),
        ("", "no longer above 1,000"),
        ("no data", "no data any more"),
        ("expired", "nothing was heard of it any more"),
        ("rule removed", "rule removed"),
    ],
)
def test_why_it_is_over(resolution: str, text: str) -> None:
    assert why_over(resolved(0, 9, resolution=resolution)) == text


def test_what_nobody_sees_is_not_kept_and_a_name_is_always_there() -> None:
    event = AlertEvent(
        name="\x00", state=AlertState.FIRING, labels={"\x00": "a", "b": "\u202ec\x07"}, summary="\u200bone\x00 two"
    )
    kept = slim(event, 1)
    assert (kept.name, kept.labels, kept.summary) == ("alert", {"b": "c"}, "one two")
