"""The table of destinations: how each fares, in one line, with Discord's last words beneath. Pure."""

from collections.abc import Sequence
from typing import Final

from otel_discord.component.watched_exporter import DestinationState, Health
from otel_discord.extensions.status_page.overview import Destination, what_is_wrong
from otel_discord.extensions.status_page.pages.frame import empty, link, table
from otel_discord.extensions.status_page.pages.words import NOTHING, ago, badge, number, plural, since, span, text

_HEADS: Final = (
    "Destination", "Health", "Waiting", "Oldest", "Budget", "Success", "p50 / p99", "Delivered", "Last 429",
    "Breaker", "Webhook check",
)  # fmt: skip
_MOODS: Final = {
    Health.OK: ("well", "good"),
    Health.WAITING: ("waiting", "busy"),
    Health.MUTED: ("muted", "quiet"),
    Health.UNREACHABLE: ("unreachable", "bad"),
    Health.GONE: ("gone", "bad"),
    Health.UNKNOWN: ("not known", "warn"),
}
_LOW_SUCCESS: Final = 0.9


def destinations(found: Sequence[Destination], now_s: float) -> str:
    """Return the table."""
    if not found:
        return empty("No exporter has destinations.")
    several = len({each.exporter for each in found}) > 1
    rows = [row for each in found for row in _rows(each, now_s, several)]
    return table("Destinations", _HEADS, rows, "destinations")


def _rows(found: Destination, now_s: float, several: bool) -> list[str]:
    state, key = found.state, f"{found.exporter}|{found.state.name}"
    error = state.last_error
    rows = [f'<tr data-key="{text(key)}"{" class=has-more" if error else ""}>{_cells(found, now_s, several)}</tr>']
    if error:
        when = f" · {ago(state.last_error_ns, now_s)}" if state.last_error_ns else ""
        rows.append(
            f'<tr class="more" data-key="{text(key)}|error"><td colspan="{len(_HEADS)}"><span class="words">Discord: '
            f"“{text(error)}”</span>{when}</td></tr>"
        )
    return rows


def _cells(found: Destination, now_s: float, several: bool) -> str:
    state = found.state
    words, mood = _MOODS[state.health]
    if state.remark and mood != "bad":
        mood = "warn"
    elif mood == "good" and what_is_wrong(state, now_s):
        words, mood = "failing", "bad"
    beneath = [
        state.remark,
        state.label,
        found.exporter if several else "",
        f"at {state.replica}" if state.replica else "",
    ]
    small = "".join(f'<span class="small">{text(each)}</span>' for each in beneath if each)
    fallback = f'<span class="small">to {text(state.fallback)}</span>' if mood == "bad" and state.fallback else ""
    head = link("/messages", state.name, {"destination": state.name})
    return (
        f'<th scope="row">{head}{small}</th><td>{badge(words, mood)}{fallback}</td>'
        f"<td>{_waiting(state)}</td><td>{since(state.oldest_waiting_ns, now_s)}</td>"
        f"<td>{_budget(state, now_s)}</td><td>{_success(state.recent_success)}</td>"
        f"<td>{_seconds(state.response_p50_s)} / {_seconds(state.response_p99_s)}</td>"
        f"<td>{_delivered(state)}</td><td>{ago(state.last_429_ns, now_s)}</td>"
        f"<td>{_breaker(state.breaker)}</td><td>{_check(state, now_s)}</td>"
    )


def _waiting(state: DestinationState) -> str:
    if not state.waiting_cards:
        return "0"
    records = f'<span class="small">{plural(state.waiting_records, "record")}</span>' if state.waiting_records else ""
    return f"{plural(state.waiting_cards, 'card')}{records}"


def _budget(state: DestinationState, now_s: float) -> str:
    left = NOTHING if state.budget_left is None else number(max(0.0, float(int(state.budget_left))))
    later = state.next_at_ns and state.next_at_ns / 1e9 > now_s
    return left + (f'<span class="small">next {ago(state.next_at_ns, now_s)}</span>' if later else "")


def _success(share: float | None) -> str:
    if share is None:
        return NOTHING
    words = f"{share * 100:.0f} %"
    return f'<span class="bad-text">{words}</span>' if share < _LOW_SUCCESS else words


def _seconds(value: float | None) -> str:
    return NOTHING if value is None else span(value)


def _delivered(state: DestinationState) -> str:
    failed = f'<span class="small bad-text">{state.failed:,} given up</span>' if state.failed else ""
    return f"{state.delivered:,}{failed}"


def _breaker(word: str) -> str:
    return text(word) if word == "closed" else badge(word, "bad" if word == "open" else "warn")


def _check(state: DestinationState, now_s: float) -> str:
    if state.webhook_up is None:
        return NOTHING
    took = f" in {span(state.webhook_response_s)}" if state.webhook_response_s is not None else ""
    when = f'<span class="small">{ago(state.webhook_checked_ns, now_s)}</span>' if state.webhook_checked_ns else ""
    return f"{text('up' + took)}{when}" if state.webhook_up else f"{badge('down', 'bad')}{when}"
