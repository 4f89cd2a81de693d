"""The first page: is all well, what goes through, where does it wait. Pure."""

from collections.abc import Sequence
from typing import Final

from otel_discord.component.service_view import ReloadNote
from otel_discord.extensions.status_page.measured import Queue
from otel_discord.extensions.status_page.mutes import Mutes
from otel_discord.extensions.status_page.overview import Figure, Overview
from otel_discord.extensions.status_page.pages.alerts_page import alert_list, mute_lines
from otel_discord.extensions.status_page.pages.destinations import destinations
from otel_discord.extensions.status_page.pages.frame import empty, link, section, table
from otel_discord.extensions.status_page.pages.graph import graph
from otel_discord.extensions.status_page.pages.runs import runs_section
from otel_discord.extensions.status_page.pages.words import ago, badge, number, plural, since, span, text

_NS: Final = 1_000_000_000
_SHOWN_ALERTS: Final = 5
_SHOWN_RELOADS: Final = 3
_FULL: Final = 0.8


def overview_page(overview: Overview, mutes: Mutes) -> str:
    """Return what changes of the page, which is all."""
    now_s = overview.now_unix_s
    alerts = alert_list(mutes.alerts[:_SHOWN_ALERTS], now_s) + (
        f"<p>{link('/alerts', f'All {mutes.alert_count:,} alerts')}</p>" if mutes.alert_count > _SHOWN_ALERTS else ""
    )
    return "".join(
        [
            _headline(overview, mutes),
            _problems(overview),
            section("Pipelines", graph(overview), id_="pipelines"),
            section("Destinations", destinations(overview.destinations, now_s), id_="destinations"),
            runs_section(overview.runs, now_s),
            '<div class="columns">',
            section("Firing alerts", alerts, id_="alerts", beside=link("/alerts", "Alerts and silences")),
            section("Quiet", mute_lines(mutes, now_s), id_="quiet"),
            section("Queues", _queues(overview.queues, now_s), id_="queues"),
            section(
                "Reloads",
                reloads(overview.reloads[:_SHOWN_RELOADS], now_s),
                id_="reloads",
                beside=link("/configuration", "Configuration"),
            ),
            "</div>",
        ]
    )


def _headline(overview: Overview, mutes: Mutes) -> str:
    count = len(overview.problems)
    if not overview.ready:
        words, mood = "Not ready", "warn"
    elif count:
        words, mood = plural(count, "problem"), "bad"
    else:
        words, mood = "The service is well" if mutes.alert_count else "All is well", "good"
    up = span(max(0.0, overview.now_unix_s - overview.started_at_unix_s))
    letters = sum(overview.dead_letters.values())
    worst = mutes.alerts[0].event.name if mutes.alerts else ""
    keepers = ", ".join(name for name, count in overview.dead_letters.items() if count)
    tiles = [
        _tile("Received", overview.received_per_s, "records/s"),
        _tile("Sent", overview.sent_per_minute, "messages/min"),
        _tile("In queues", overview.waiting, "waiting"),
        _count_tile("Alerts", mutes.alert_count, "firing", "/alerts", worst),
        _count_tile("Dead letters", letters, "kept", "/dead-letters", keepers),
    ]
    remark = (
        "" if overview.has_metrics else '<p class="hint">No numbers: service::telemetry::metrics::level is none.</p>'
    )
    return (
        f'<div class="headline" data-key="headline"><div class="state {mood}"><p class="big">{words}</p>'
        f'<p class="small">up {up} · version {text(overview.version)}</p></div>{"".join(tiles)}</div>{remark}'
    )


def _tile(name: str, figure: Figure, unit: str) -> str:
    value = "–" if figure.now is None else number(figure.now)
    return (
        f'<div class="tile"><p class="small">{text(name)}</p><p class="figure">{value} '
        f'<span class="unit">{text(unit)}</span></p>{sparkline(figure.trend)}</div>'
    )


def _count_tile(name: str, count: int, unit: str, path: str, beneath: str) -> str:
    css = "figure bad-text" if count else "figure"
    return (
        f'<a class="tile" href="{path}"><p class="small">{text(name)}</p><p class="{css}">{count:,} '
        f'<span class="unit">{text(unit)}</span></p><p class="small">{text(beneath)}</p></a>'
    )


def sparkline(trend: Sequence[float]) -> str:
    """Return a small line of the last values; "" for fewer than two."""
    if len(trend) < 2:
        return '<svg class="spark" viewBox="0 0 120 24" aria-hidden="true"></svg>'
    top = max(*trend, 1e-9)
    step = 120 / (len(trend) - 1)
    points = " ".join(f"{index * step:.1f},{22 - 20 * max(0.0, value) / top:.1f}" for index, value in enumerate(trend))
    return (
        '<svg class="spark" viewBox="0 0 120 24" preserveAspectRatio="none" aria-hidden="true">'
        f'<polyline points="{points}"/></svg>'
    )


def _problems(overview: Overview) -> str:
    if not overview.problems:
        return ""
    lines = "".join(
        f'<li data-key="problem-{text(each.where)}"><strong>{text(each.where)}</strong> {text(each.what)} '
        f'<span class="small">{ago(int(each.since_unix_s * _NS), overview.now_unix_s)}</span></li>'
        for each in overview.problems[:20]
    )
    return section("To look at", f'<ul class="problems">{lines}</ul>', id_="problems")


def _queues(queues: Sequence[Queue], now_s: float) -> str:
    if not queues:
        return empty("No exporter has a queue.")
    rows = [
        f'<tr data-key="{text(each.exporter)}|{text(each.data_type)}"><th scope="row">{text(each.exporter)}'
        f'<span class="small">{text(each.data_type)}</span></th><td>{_filled(each)}</td>'
        f"<td>{since(each.oldest_ns, now_s)}</td><td>{number(each.in_flight)}</td></tr>"
        for each in queues
    ]
    return table("Queues", ("Exporter", "Filled", "Oldest", "In hand"), rows)


def _filled(queue: Queue) -> str:
    share = queue.size / queue.capacity if queue.capacity else 0.0
    css = "meter bad" if share >= _FULL else "meter"
    return (
        f"{number(queue.size)} of {number(queue.capacity)}"
        f'<svg class="{css}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="whole" '
        f'width="100" height="6" rx="3"/><rect width="{min(100.0, share * 100):.1f}" height="6" rx="3"/></svg>'
    )


def reloads(notes: Sequence[ReloadNote], now_s: float) -> str:
    """Return the reloads, newest first."""
    if not notes:
        return empty("The configuration has not been loaded again since the start.")
    lines = "".join(
        f"<li>{badge('taken over' if each.successful else 'refused', 'good' if each.successful else 'bad')} "
        f"{ago(int(each.at_unix_s * _NS), now_s)}{_remarks(each.remarks)}</li>"
        for each in notes
    )
    return f'<ul class="reloads">{lines}</ul>'


def _remarks(remarks: Sequence[str]) -> str:
    shown = "".join(f"<li>{text(each)}</li>" for each in remarks[:20])
    return f'<ul class="small">{shown}</ul>' if shown else ""
