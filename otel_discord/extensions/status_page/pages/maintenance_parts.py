"""Maintenance windows, each with what can be done about it, and the form that begins one. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from otel_discord.component.maintenance import MaintenanceWindow
from otel_discord.extensions.status_page.pages.frame import Frame, empty, form, link, section, table
from otel_discord.extensions.status_page.pages.words import NOTHING, ago, badge, plural, remark, text

_FAR_NS: Final = 2**63 - 1
_HEADS: Final = ("Window", "State", "Does", "Records", "Ends or begins", "Held", "Comment", "Action")
_ACTIONS: Final = (
    ("", "as configured, else hold"),
    ("hold", "hold: they come afterwards"),
    ("drop", "drop: they are only counted"),
    ("no_ping", "no_ping: they come and ping nobody"),
)


def windows(found: Sequence[tuple[str, MaintenanceWindow]], frame: Frame, now_s: float) -> str:
    """Return what is configured and what was started."""
    if not found:
        return empty("No windows are configured or started.")
    rows = [
        f'<tr data-key="window-{text(exporter)}-{text(each.name)}"><th scope="row">{text(each.name)}</th>'
        f"<td>{_state(each)}</td><td>{text(each.action)}</td><td>{text(each.records)}{_where(each)}</td>"
        f"<td>{ago(_near(each.until_ns if each.active else each.next_ns), now_s)}</td>"
        f"<td>{plural(each.held_records, 'record')}{_dropped(each)}</td>"
        f"<td>{text(each.comment) or NOTHING}{f'<span class=small>{text(each.author)}</span>' if each.author else ''}"
        f"{remark(each.remark)}</td><td>{_action(each, frame)}</td></tr>"
        for exporter, each in found
    ]
    return table("Maintenance windows", _HEADS, rows, "acts")


def maintenance_form(frame: Frame, filled: Mapping[str, str]) -> str:
    """Return the form that begins maintenance, filled in with what is known by the names of its fields."""
    given = {name: text(value) for name, value in filled.items()}
    options = "".join(
        f'<option value="{value}"{" selected" if value == filled.get("action", "") else ""}>{words}</option>'
        for value, words in _ACTIONS
    )
    critical = " checked" if filled.get("critical") == "yes" else ""
    fields = (
        '<div class="row"><p class="wide"><label for="m-name">Name</label>'
        f'<input id="m-name" name="name" value="{given.get("name", "")}" required maxlength="80" '
        'placeholder="deploy" aria-describedby="m-name-hint"><span class="hint" id="m-name-hint">that of a configured '
        "window takes over its records and what it does</span></p>"
        '<p><label for="m-duration">For</label>'
        f'<input id="m-duration" name="duration" value="{given.get("duration") or "1h"}" required size="8" '
        'maxlength="20" aria-describedby="m-duration-hint"><span class="hint" id="m-duration-hint">as in 30m, 2h, 1d'
        '</span></p><p><label for="m-action">What it does</label>'
        f'<select id="m-action" name="action">{options}</select></p></div>'
        '<p><label for="m-matchers">Matchers, one a line; all have to hold</label>'
        '<textarea id="m-matchers" name="matchers" rows="2" spellcheck="false" maxlength="4000" '
        f'placeholder="service.name=shop" aria-describedby="m-matchers-hint">{given.get("matchers", "")}</textarea>'
        '<span class="hint" id="m-matchers-hint">Without any it is about every record, or those of the configured '
        "window.</span></p>"
        f'<p class="choice"><input type="checkbox" id="m-critical" name="critical" value="yes"{critical}>'
        '<label for="m-critical">What is critical is held or dropped as well</label></p>'
        '<p><label for="m-comment">Comment</label>'
        f'<input id="m-comment" name="comment" value="{given.get("comment", "")}" maxlength="500"></p>'
        "<p><button>Start maintenance</button></p>"
    )
    return section("Start maintenance", form(frame, "/alerts/maintenance/start", fields, css="card"), id_="maintain")


def _state(window: MaintenanceWindow) -> str:
    if window.active:
        return badge("active", "busy")
    return badge("to come" if 0 < window.next_ns < _FAR_NS else "off", "quiet")


def _where(window: MaintenanceWindow) -> str:
    return f"<span class=small>to {text(', '.join(window.destinations))}</span>" if window.destinations else ""


def _dropped(window: MaintenanceWindow) -> str:
    return f"<span class=small>{window.dropped_records:,} dropped</span>" if window.dropped_records else ""


def _action(window: MaintenanceWindow, frame: Frame) -> str:
    if not frame.can_act:
        return NOTHING
    if window.active:
        label = f'<button class="small-button" aria-label="End maintenance {text(window.name)}">End</button>'
        return form(frame, "/alerts/maintenance/end", label, {"name": window.name})
    return link("/alerts#maintain", "Start …", {"m_name": window.name}) if window.configured else NOTHING


def _near(at_ns: int) -> int:
    return at_ns if at_ns < _FAR_NS else 0
