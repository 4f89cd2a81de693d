"""What Discord shows of alerts: one, or a group of them as a list. Pure.

No ``×N``: that an alert was told of many times is nothing that a reader has to know.
"""

import re
from collections.abc import Sequence
from typing import Final

from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.alerts.wording import firing_line, lasted_s, resolved_line, shown_value, span_text
from otel_discord.exporters.discord.evidence.told import evidence_lines
from otel_discord.exporters.discord.render_links import address_of
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_severity import AMBER, BLUE, GREY, RED
from otel_discord.signals import Severity
from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.output import FieldOutput, TemplateOutput
from otel_discord.templating.text import Markdown, escape_markdown
from otel_discord.templating.wording import timestamp

GREEN: Final = 0x2ECC71
MAX_LINES: Final = 10
"""Alerts that a group lists."""
CARD_CHARS: Final = 1_500
_MAX_FIELDS: Final = 6
_LINE_CHARS: Final = 90
_LABEL_CHARS: Final = 60
_TITLE_CHARS: Final = 200
_OWN_CONDITION: Final = re.compile(r"( is \S.*?| of \S+) \([<>=!]{1,2} [^()]{1,40}\)")
"""What the connector writes into a summary of its own; the line below the title says it in words."""
_WENT_ON: Final = "⚪"
"""Where nothing burns any more: it goes on in another message. Text has no colour but this."""
_MOST_APART: Final = 2
"""Labels of one line in a list that its words do not have."""


def alert_output(
    group: AlertGroup, options: RenderOptions, remarks: Sequence[str] = (), sparkline: str = ""
) -> TemplateOutput:
    """Return what a card of alerts says; as text where the preset is ``plain``.

    Args:
        group: the alerts.
        options: of the destination.
        remarks: for the reader, such as that it comes late.
        sparkline: the values of the alert that leads, as text.
    """
    events = [*group.firing, *group.resolved]
    one = events[0] if len(events) == 1 else None
    title = title_of(group)
    sign = _WENT_ON if group.went_on and not group.is_over else _sign(group.severity, is_over=group.is_over)
    drawn = escape_markdown(sparkline)
    lines = [_lines_of_one(one, group, options), drawn] if one else [_list(events, options, drawn)]
    lines = [*lines, *_before(group, options)] if group.is_over else [*_before(group, options), *lines]
    lines = [*lines, *evidence_lines(group, options), _links(events)]
    description = "\n".join(line for line in lines if line)
    heading = Markdown(f"{sign} {title}" if options.emoji else title)
    footer = " · ".join(part for part in (*remarks, options.footer) if part)
    if options.preset == "plain":
        text = "\n".join(part for part in (f"**{heading}**", description, *map(_field_text, _fields(one))) if part)
        return TemplateOutput(content="\n".join(part for part in (text, escape_markdown(footer)) if part))
    return TemplateOutput(
        title=heading,
        description=description,
        color=_color(group),
        fields=_fields(one),
        footer_text=footer,
    )


def title_of(group: AlertGroup) -> Markdown:
    """Return the title of a card of alerts, without its sign."""
    events = [*group.firing, *group.resolved]
    return _title_of_one(events[0], group) if len(events) == 1 else _title_of_many(events, group)


def _title_of_one(event: AlertEvent, group: AlertGroup) -> Markdown:
    name = escape_markdown(cut_middle(_one_line(event.name), _TITLE_CHARS // 2))
    if event.state is AlertState.RESOLVED:
        lasted = lasted_s(event)
        return Markdown(f"{name}: resolved after {span_text(lasted)}" if lasted >= 1 else f"{name}: resolved")
    if group.went_on:
        return Markdown(f"{name}: {_went_on(group)}")
    summary = _one_line(event.summary)
    if not summary:
        labels = _labels(event, 3)
        summary = f"firing for {labels}" if labels else "firing"
    summary = cut_middle(summary, _TITLE_CHARS)
    if summary.startswith(event.name):
        return escape_markdown(_OWN_CONDITION.sub(r"\1", summary, count=1))
    return Markdown(f"{name}: {escape_markdown(summary)}")


def _title_of_many(events: Sequence[AlertEvent], group: AlertGroup) -> Markdown:
    names = list(dict.fromkeys(event.name for event in events))
    what = names[0] if len(names) == 1 else _shared(events) or f"{names[0]} and {len(names) - 1} more"
    what = escape_markdown(cut_middle(_one_line(what), _TITLE_CHARS // 2))
    if group.is_over:
        begun = min((event.started_ns for event in events if event.started_ns), default=0)
        ended = max(event.ended_ns or event.at_ns for event in events)
        lasted = f" after {span_text((ended - begun) / 1e9)}" if begun and ended > begun else ""
        return Markdown(f"{what}: all {len(events):,} resolved{lasted}")
    if group.went_on:
        return Markdown(f"{what}: {_went_on(group)}")
    firing = len(group.firing)
    return Markdown(f"{what}: {firing:,} firing" + (f" of {len(events):,}" if firing < len(events) else ""))


def _went_on(group: AlertGroup) -> Markdown:
    """Return ``went on as critical``, or that it went on as it was."""
    as_what = f" as {escape_markdown(_one_line(group.firing[0].severity))}" if group.is_worse else ""
    return Markdown(f"went on{as_what}")


def _shared(events: Sequence[AlertEvent]) -> str:
    first = events[0].labels
    shared = [key for key in first if all(event.labels.get(key) == first[key] for event in events)]
    return ", ".join(f"{key} {first[key]!s}" for key in shared[:2])


def _before(group: AlertGroup, options: RenderOptions) -> list[str]:
    """Return that it goes on here, or that it was told before."""
    if group.went_on and not group.is_over:
        return [f"{'it got worse, and ' if group.is_worse else ''}goes on in a new message below"]
    if not group.origin_url and not group.origin_ns:
        return []
    since = timestamp(group.origin_ns, "R") if options.timestamps else ""
    told = f"[first message]({group.origin_url})" if group.origin_url else "told before"
    line = f"{told}{f' {since}' if since else ''}"
    return [line if group.is_over else f"got worse: {line}"]


def _lines_of_one(event: AlertEvent, group: AlertGroup, options: RenderOptions) -> str:
    is_over = event.state is AlertState.RESOLVED
    state = resolved_line if is_over else firing_line
    lines: list[str] = [state(event, timestamps=options.timestamps)]
    summary, description = _one_line(event.summary), _one_line(event.description)
    if (is_over or group.went_on) and summary and not summary.startswith(event.name):
        lines.append(escape_markdown(summary))
    if description and description not in (summary, event.name):
        lines.append(escape_markdown(description))
    return "\n".join(line for line in lines if line)


def _list(events: Sequence[AlertEvent], options: RenderOptions, sparkline: str) -> str:
    telling = _telling_labels(events)
    lines = [_line(event, options, telling) for event in events[:MAX_LINES]]
    hidden = len(events) - len(lines)
    if sparkline:
        lines.insert(1, sparkline)
    return "\n".join([*lines, *([f"… {hidden:,} more"] if hidden else [])])


def _telling_labels(events: Sequence[AlertEvent]) -> list[str]:
    """Return the labels by which alerts of one list are told apart."""
    keys = dict.fromkeys(key for event in events for key in event.labels)
    return [key for key in keys if len({str(event.labels.get(key)) for event in events}) > 1]


def _line(event: AlertEvent, options: RenderOptions, telling: Sequence[str]) -> str:
    is_over = event.state is AlertState.RESOLVED
    words = _one_line(event.summary or _labels(event, 6) or event.name)
    said = frozenset(re.findall(r"[^\s,;()]+", words))
    missing = [(key, _one_line(str(event.labels[key]))) for key in telling if key in event.labels]
    apart = [f"{key} {value}" for key, value in missing if value and not said.issuperset(value.split())]
    parts = [escape_markdown(cut_middle(words, _LINE_CHARS))]
    parts += [escape_markdown(cut_middle(each, _LABEL_CHARS)) for each in apart[:_MOST_APART]]
    lasted = lasted_s(event)
    if is_over:
        parts.append(Markdown(f"resolved after {span_text(lasted)}" if lasted >= 1 else "resolved"))
    else:
        if event.value is not None and not event.summary:
            parts.append(escape_markdown(shown_value(event, event.value)))
        started = timestamp(event.started_ns, "t") if options.timestamps else ""
        if started:
            parts.append(Markdown(f"since {started}"))
    return f"{_sign(event.severity_number, is_over=is_over)} {' · '.join(parts)}"


def _links(events: Sequence[AlertEvent]) -> str:
    named = (("runbook", [event.runbook_url for event in events]), ("source", [event.source_url for event in events]))
    shown = []
    for name, urls in named:
        url = next((url for each in urls if (url := address_of(each))), "")
        if url and (name == "runbook" or len(events) == 1):
            shown.append(f"[{name}]({url})")
    return " · ".join(shown)


def _fields(event: AlertEvent | None) -> tuple[FieldOutput, ...]:
    """Return the labels that say something that the text does not."""
    if event is None:
        return ()
    told = f"{event.name} {event.summary} {event.description}".lower()
    new = [(key, str(value)) for key, value in event.labels.items() if str(value) and str(value).lower() not in told]
    return tuple(
        FieldOutput(
            escape_markdown(cut_middle(_one_line(key), _LABEL_CHARS)),
            escape_markdown(cut_middle(_one_line(value), _LABEL_CHARS)),
            inline=True,
        )
        for key, value in new[:_MAX_FIELDS]
    )


def _field_text(item: FieldOutput) -> str:
    return f"{item.name}: {item.value}"


def _color(group: AlertGroup) -> int:
    if group.is_over:
        return GREEN
    if group.went_on:
        return GREY
    return RED if group.severity >= Severity.ERROR else AMBER if group.severity >= Severity.WARN else BLUE


def _labels(event: AlertEvent, most: int) -> str:
    return ", ".join(f"{key} {value!s}" for key, value in list(event.labels.items())[:most])


def _sign(severity: int, *, is_over: bool) -> str:
    if is_over:
        return "🟢"
    return "🔴" if severity >= Severity.ERROR else "🟠" if severity >= Severity.WARN else "🔵"


def _one_line(text: str) -> str:
    return " ".join(text.split())
