"""What templates of alerts see: one alert, or a group of them as a list. Pure.

No ``×N``: that an alert was told of many times is nothing that a reader has to know.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.alerts.wording import (
    lasted_s,
    shown_condition,
    shown_value,
    span_text,
    why_over,
    without_end,
)
from otel_discord.exporters.discord.evidence.told import evidence_lines
from otel_discord.exporters.discord.render_links import address_of
from otel_discord.exporters.discord.render_names import ALERT_FIRING, ALERT_RESOLVED, ALERT_UPDATED
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_severity import AMBER, BLUE, GREEN, GREY, RED
from otel_discord.signals import Severity
from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.text import Markdown
from otel_discord.templating.wording import timestamp

_OWN_CONDITION: Final = re.compile(r"( is \S.*?| of \S+) \([<>=!]{1,2} [^()]{1,40}\)")
"""What the connector writes into a summary of its own; the line below the title says it in words."""
_WENT_ON: Final = "⚪"
"""Where nothing burns any more: it goes on in another message. Text has no colour but this."""
_MOST_APART: Final = 2
"""Labels of one line in a list that its words do not have."""
MAX_LINES: Final = 10
"""Alerts that a group lists."""
CARD_CHARS: Final = 1_500
TITLE_CHARS: Final = 200
_MAX_FIELDS: Final = 6
_LINE_CHARS: Final = 90
_LABEL_CHARS: Final = 60
_NS: Final = 1e9


def template_name(group: AlertGroup) -> str:
    """Return which template shows the group: of alerts that fire, that changed since they were told, or are over."""
    if group.is_over:
        return ALERT_RESOLVED
    is_new = not (group.went_on or group.origin_url or group.origin_ns)
    is_new = is_new and all(event.state is not AlertState.UPDATED for event in group.firing)
    return ALERT_FIRING if is_new else ALERT_UPDATED


def alert_values(
    group: AlertGroup, options: RenderOptions, remarks: Sequence[str] = (), sparkline: str = ""
) -> dict[str, Any]:
    """Return the values of one message of alerts; texts are plain and are escaped where they are printed.

    Args:
        group: the alerts.
        options: of the destination.
        remarks: for the reader, such as that it comes late.
        sparkline: the values of the alert that leads, as text.
    """
    events = [*group.firing, *group.resolved]
    lead = events[0]
    is_group = len(events) > 1
    links = _links(events)
    telling = _telling_labels(events)
    return {
        "emoji": _sign(group) if options.emoji else "",
        "color": _color(group),
        "severity": one_line(lead.severity),
        "severity_number": group.severity,
        "is_group": is_group,
        "count": len(events),
        "firing_count": len(group.firing),
        "subject": subject_of(group),
        "lasted": lasted_text(group),
        "alerts": [_line_values(event, options, telling) for event in events[:MAX_LINES]] if is_group else [],
        "hidden_count": max(0, len(events) - MAX_LINES) if is_group else 0,
        "sparkline": sparkline,
        "evidence": [Markdown(line) for line in evidence_lines(group, options)],
        "links": links,
        "link_line": Markdown(" · ".join(f"[{link['name']}]({link['url']})" for link in links)),
        "went_on": group.went_on and not group.is_over,
        "is_worse": group.is_worse,
        "was_told": bool(group.origin_url or group.origin_ns),
        "origin_url": group.origin_url,
        "origin_ago": _time(group.origin_ns, "R", options),
        "remarks": list(remarks),
        "footer": options.footer,
        **_values_of_one(lead, options),
        "labels": [] if is_group else _new_labels(lead),
    }


def _values_of_one(event: AlertEvent, options: RenderOptions) -> dict[str, Any]:
    """Return the values of the alert that leads."""
    summary, description = one_line(event.summary), one_line(event.description)
    says_name = bool(summary) and summary.startswith(event.name)
    value = shown_value(event, event.value)
    lasted = 0.0 if options.timestamps else lasted_s(without_end(event))
    return {
        "name": one_line(event.name),
        "state": str(event.state),
        "summary": _OWN_CONDITION.sub(r"\1", summary, count=1) if says_name else summary,
        "summary_says_name": says_name,
        "description": description if description not in (summary, event.name) else "",
        "labels_text": _labels(event, 3),
        "value": value,
        "value_is_new": bool(value) and value not in event.summary,
        "condition": shown_condition(event),
        "firing_for": span_text(lasted) if lasted >= 1 else "",
        "peak": shown_value(event, event.peak) if event.peak is not None else "",
        "reason": why_over(event),
        "started": _time(event.started_ns, "t", options),
        "started_ago": _time(event.started_ns, "R", options),
        "ended": _time(event.ended_ns or event.at_ns, "t", options),
    }


def _telling_labels(events: Sequence[AlertEvent]) -> list[str]:
    """Return the labels by which alerts of one list are told apart."""
    keys = dict.fromkeys(key for event in events for key in event.labels)
    return [key for key in keys if len({str(event.labels.get(key)) for event in events}) > 1]


def _line_values(event: AlertEvent, options: RenderOptions, telling: Sequence[str]) -> dict[str, Any]:
    """Return what the list of a group says of one alert; ``apart`` is what tells it from the others."""
    words = one_line(event.summary or _labels(event, 6) or event.name)
    said = frozenset(re.findall(r"[^\s,;()]+", words))
    missing = [(key, one_line(str(event.labels[key]))) for key in telling if key in event.labels]
    apart = [f"{key} {value}" for key, value in missing if value and not said.issuperset(value.split())]
    is_over = event.state is AlertState.RESOLVED
    lasted = lasted_s(event)
    return {
        "emoji": severity_sign(event.severity_number, is_over=is_over),
        "name": one_line(event.name),
        "words": cut_middle(words, _LINE_CHARS),
        "apart": [cut_middle(each, _LABEL_CHARS) for each in apart[:_MOST_APART]],
        "is_over": is_over,
        "lasted": span_text(lasted) if is_over and lasted >= 1 else "",
        "value": shown_value(event, event.value) if event.value is not None and not event.summary else "",
        "started": _time(event.started_ns, "t", options),
    }


def subject_of(group: AlertGroup) -> str:
    """Return what the message is about: the name of the alert, or what the alerts of a group share."""
    events = [*group.firing, *group.resolved]
    names = list(dict.fromkeys(event.name for event in events))
    what = names[0] if len(names) == 1 else _shared(events) or f"{names[0]} and {len(names) - 1} more"
    return cut_middle(one_line(what), TITLE_CHARS // 2)


def lasted_text(group: AlertGroup) -> str:
    """Return how long alerts that are over have lasted, as ``3 minutes``; "" where that is not known."""
    events = [*group.firing, *group.resolved]
    if not group.is_over:
        return ""
    if len(events) == 1:
        lasted = lasted_s(events[0])
        return span_text(lasted) if lasted >= 1 else ""
    begun = min((event.started_ns for event in events if event.started_ns), default=0)
    ended = max(event.ended_ns or event.at_ns for event in events)
    return span_text((ended - begun) / _NS) if begun and ended > begun else ""


def severity_sign(severity: int, *, is_over: bool) -> str:
    """Return the sign that leads a title or a line."""
    if is_over:
        return "🟢"
    return "🔴" if severity >= Severity.ERROR else "🟠" if severity >= Severity.WARN else "🔵"


def one_line(text: str) -> str:
    """Return the text with single spaces in place of all white space."""
    return " ".join(text.split())


def _shared(events: Sequence[AlertEvent]) -> str:
    first = events[0].labels
    shared = [key for key in first if all(event.labels.get(key) == first[key] for event in events)]
    return ", ".join(f"{key} {first[key]!s}" for key in shared[:2])


def _links(events: Sequence[AlertEvent]) -> list[dict[str, str]]:
    named = (("runbook", [event.runbook_url for event in events]), ("source", [event.source_url for event in events]))
    shown = []
    for name, urls in named:
        url = next((url for each in urls if (url := address_of(each))), "")
        if url and (name == "runbook" or len(events) == 1):
            shown.append({"name": name, "url": url})
    return shown


def _new_labels(event: AlertEvent) -> list[dict[str, str]]:
    """Return the labels that say something that the text does not."""
    told = f"{event.name} {event.summary} {event.description}".lower()
    new = [(key, str(value)) for key, value in event.labels.items() if str(value) and str(value).lower() not in told]
    return [
        {"name": cut_middle(one_line(key), _LABEL_CHARS), "value": cut_middle(one_line(value), _LABEL_CHARS)}
        for key, value in new[:_MAX_FIELDS]
    ]


def _labels(event: AlertEvent, most: int) -> str:
    return ", ".join(f"{key} {value!s}" for key, value in list(event.labels.items())[:most])


def _time(at_ns: int, style: str, options: RenderOptions) -> Markdown:
    return Markdown(timestamp(at_ns, style) if options.timestamps else "")


def _sign(group: AlertGroup) -> str:
    return _WENT_ON if group.went_on and not group.is_over else severity_sign(group.severity, is_over=group.is_over)


def _color(group: AlertGroup) -> int:
    if group.is_over:
        return GREEN
    if group.went_on:
        return GREY
    return RED if group.severity >= Severity.ERROR else AMBER if group.severity >= Severity.WARN else BLUE
