"""Texts, numbers and times as the pages write them; what comes from outside is escaped. Pure."""

import math
from datetime import UTC, datetime
from html import escape
from typing import Final

from otel_discord.component.counted import counted
from otel_discord.discord_api.html_text import plain

_NS: Final = 1_000_000_000
_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"))
NOTHING: Final = '<span class="none">–</span>'


def text(value: object) -> str:
    """Return any value as text for HTML, also within quotes: escaped, without control and direction characters."""
    return escape(plain(str(value)), quote=True)


def number(value: float) -> str:
    """Return ``1,234``, ``12.5``, ``0.04``."""
    if not math.isfinite(value):
        return "∞"
    if value and abs(value) < 0.1:
        return f"{value:.2f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}".removesuffix(".0")


def rate(value: float | None) -> str:
    """Return ``12.5/s``; "" where it is not known."""
    return "" if value is None else f"{number(value)}/s"


def span(seconds: float) -> str:
    """Return a time span in its two greatest units: ``3 min 20 s``, ``2 d 4 h``, ``120 ms``."""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < 10:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = int(seconds)
    for length, unit in _UNITS:
        if whole >= length:
            big, rest = divmod(whole, length)
            smaller = {"d": (3600, "h"), "h": (60, "min"), "min": (1, "s")}[unit]
            small = rest // smaller[0]
            return f"{big} {unit} {small} {smaller[1]}" if small else f"{big} {unit}"
    return f"{whole} s"


def moment(unix_s: float) -> str:
    """Return ``2026-01-31 18:00:03``, UTC; "" beyond the calendar."""
    try:
        return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return ""


def ago(at_ns: int, now_s: float) -> str:
    """Return HTML for a moment past or to come, as its distance from now; a dash for 0."""
    if at_ns <= 0:
        return NOTHING
    distance_s = now_s - at_ns / _NS
    words = "now" if abs(distance_s) < 1 else f"{span(distance_s)} ago" if distance_s > 0 else f"in {span(-distance_s)}"
    return f'<time datetime="{moment(at_ns / _NS).replace(" ", "T")}Z" title="{moment(at_ns / _NS)} UTC">{words}</time>'


def since(at_ns: int, now_s: float) -> str:
    """Return HTML for how long something has lasted; a dash for 0."""
    if at_ns <= 0:
        return NOTHING
    return f'<time datetime="{moment(at_ns / _NS).replace(" ", "T")}Z" title="since {moment(at_ns / _NS)} UTC">{span(max(0.0, now_s - at_ns / _NS))}</time>'  # noqa: E501


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 record``, ``2 records``."""
    return counted(count, one, many)


def badge(words: str, mood: str) -> str:
    """Return a word with a dot; ``mood`` is good, warn, bad, quiet or busy."""
    return f'<span class="badge {mood}">{text(words)}</span>'


def remark(words: str) -> str:
    """Return a remark beneath something, "" where there is none."""
    return f'<span class="small warn-text">{text(words)}</span>' if words else ""
