"""Firing alerts, silences and maintenance, with the form for a silence. Pure."""

from collections.abc import Sequence

from otel_discord.component.silences import Silence
from otel_discord.extensions.status_page.mutes import FiringAlert, Mutes
from otel_discord.extensions.status_page.pages.frame import Frame, empty, form, link, section, table
from otel_discord.extensions.status_page.pages.maintenance_parts import windows
from otel_discord.extensions.status_page.pages.words import NOTHING, ago, badge, number, plural, remark, since, text
from otel_discord.signals.severity import Severity


def alerts_page(mutes: Mutes, frame: Frame, now_s: float) -> str:
    """Return what changes of the page."""
    names = ", ".join(mutes.unanswered)
    late = f'<p class="notice bad">{text(names)} did not answer in time.</p>' if names else ""
    more = mutes.alert_count - len(mutes.alerts)
    rest = f'<p class="hint">and {more:,} more</p>' if more else ""
    return late + "".join(
        [
            section("Firing", alert_list(mutes.alerts, now_s, can_silence=frame.can_act) + rest, id_="firing"),
            section("Silences", _silences(mutes.silences, frame, now_s), id_="silences"),
            section("Maintenance", windows(mutes.windows, frame, now_s), id_="maintenance"),
        ]
    )


def silence_form(frame: Frame, matchers: str, duration: str = "2h", comment: str = "") -> str:
    """Return the form that adds a silence, filled in with what is known."""
    fields = (
        '<p><label for="matchers">Matchers, one a line; all have to hold</label>'
        f'<textarea id="matchers" name="matchers" rows="3" required spellcheck="false" maxlength="4000" '
        f'placeholder="service.name=shop" aria-describedby="matchers-hint">{text(matchers)}</textarea>'
        '<span class="hint" id="matchers-hint">An attribute with =, !=, =~ or !~; severity also with &lt;, &lt;=, '
        "&gt;, &gt;=; body is the record’s text.</span></p>"
        '<div class="row"><p><label for="duration">For</label>'
        f'<input id="duration" name="duration" value="{text(duration)}" required size="8" maxlength="20" '
        'aria-describedby="duration-hint"><span class="hint" id="duration-hint">as in 30m, 2h, 1d</span></p>'
        '<p class="wide"><label for="comment">Comment</label>'
        f'<input id="comment" name="comment" value="{text(comment)}" maxlength="500"></p></div>'
        "<p><button>Add the silence</button></p>"
    )
    return section("Add a silence", form(frame, "/alerts/silence", fields, css="card"), id_="add")


def alert_list(alerts: Sequence[FiringAlert], now_s: float, *, can_silence: bool = False) -> str:
    """Return alerts, the worst first."""
    if not alerts:
        return empty("Nothing fires.")
    return f'<ul class="alerts">{"".join(_alert(each, now_s, can_silence) for each in alerts)}</ul>'


def _alert(alert: FiringAlert, now_s: float, can_silence: bool) -> str:
    event = alert.event
    mood = "bad" if event.severity_number >= int(Severity.ERROR) else "warn"
    value = "" if event.value is None else f" · now {number(event.value)} {text(_unit(event.unit))}".rstrip()
    limit = f" · {text(event.threshold)}" if event.threshold else ""
    labels = "".join(f"<li>{text(key)}={text(each)}</li>" for key, each in list(event.labels.items())[:12])
    where = ", ".join(link("/messages", name, {"destination": name}) for name in alert.shown_at)
    mute = link("/alerts", "Silence …", {"matchers": _matchers(alert)}, css="action") if can_silence else ""
    return (
        f'<li class="{mood}" data-key="alert-{text(alert.exporter)}-{text(event.identity)}"><div class="heading">'
        f"<strong>{text(event.name)}</strong>{badge(event.severity, mood)}{mute}</div>"
        f"{f'<p>{text(event.summary[:300])}</p>' if event.summary else ''}"
        f'<p class="small">for {since(event.started_ns, now_s)}{value}{limit} · '
        f"{f'in {where}' if where else 'shown nowhere'}</p>"
        f"{f'<ul class=labels>{labels}</ul>' if labels else ''}</li>"
    )


def _unit(unit: str) -> str:
    return "" if unit == "1" else unit.strip("{}")


def _matchers(alert: FiringAlert) -> str:
    pairs = {"alert.name": alert.event.name, **alert.event.labels}
    return "\n".join(f'{key}="{_quoted(str(each))}"' for key, each in list(pairs.items())[:20])[:1500]


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _silences(silences: Sequence[tuple[str, Silence]], frame: Frame, now_s: float) -> str:
    if not silences:
        return empty("There are none.")
    rows = [
        f'<tr data-key="silence-{text(exporter)}-{text(each.id)}"><th scope="row">{_matcher_list(each.matchers)}</th>'
        f"<td>{badge('holds' if each.active else 'to come', 'busy' if each.active else 'quiet')}</td>"
        f"<td>{ago(each.ends_ns, now_s)}</td><td>{plural(each.silenced_records, 'record')}</td>"
        f"<td>{text(each.comment) or NOTHING}<span class=small>{text(each.author)} · {text(each.id)}</span>"
        f"{remark(each.remark)}</td>"
        f"<td>{_expire(each, frame)}</td></tr>"
        for exporter, each in silences
    ]
    return table("Silences", ("Matchers", "State", "Ends", "Kept back", "Comment", "Action"), rows, "acts")


def _matcher_list(matchers: Sequence[str]) -> str:
    return "<br>".join(f"<code>{text(each)}</code>" for each in matchers)


def _expire(silence: Silence, frame: Frame) -> str:
    if not frame.can_act:
        return NOTHING
    label = f'<button class="small-button" aria-label="End silence {text(silence.id)}">End</button>'
    return form(frame, "/alerts/expire", label, {"id": silence.id})


def mute_lines(mutes: Mutes, now_s: float) -> str:
    """Return what keeps quiet now, in short."""
    lines = [
        f"<li>{badge('silence', 'busy')} {_matcher_list(each.matchers)} <span class=small>ends "
        f"{ago(each.ends_ns, now_s)} · {plural(each.silenced_records, 'record')}</span></li>"
        for _, each in mutes.silences
        if each.active
    ] + [
        f"<li>{badge('maintenance', 'busy')} {text(each.name)} <span class=small>{text(each.action)} · "
        f"{plural(each.held_records, 'record')} held</span></li>"
        for _, each in mutes.windows
        if each.active
    ]
    return f'<ul class="quiet">{"".join(lines[:10])}</ul>' if lines else empty("No silence or maintenance holds.")
