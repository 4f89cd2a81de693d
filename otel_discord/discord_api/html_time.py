"""Times as Discord shows them: ``<t:unix:style>``, and the small print of messages and footers. Always UTC."""

from datetime import UTC, datetime
from html import escape
from typing import Final

_UNITS: Final = (
    (31_536_000, "year"),
    (2_592_000, "month"),
    (86_400, "day"),
    (3600, "hour"),
    (60, "minute"),
    (1, "second"),
)


def time_stamp(unix_s: int, style: str, now: float | None) -> str:
    """Return the HTML of a ``<t:…>``, or "" where the time is beyond the calendar."""
    try:
        when = datetime.fromtimestamp(unix_s, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    text = _relative(unix_s, now) if style == "R" and now is not None else _absolute(when, style)
    return f'<time class="dv-time" datetime="{when.isoformat()}" title="{_absolute(when, "F")}">{text}</time>'


def header_time(value: object, now: float | None) -> str:
    """Return the HTML of a message's or footer's ISO 8601 time, or ""."""
    when = parse_time(value)
    if when is None:
        return ""
    text = f"{when:%d/%m/%Y} {when:%H:%M}"
    if now is not None:
        today = datetime.fromtimestamp(now, UTC).date()
        days = (today - when.date()).days
        text = f"Today at {when:%H:%M}" if days == 0 else f"Yesterday at {when:%H:%M}" if days == 1 else text
    return f'<time datetime="{escape(when.isoformat())}" title="{_absolute(when, "F")}">{text}</time>'


def parse_time(value: object) -> datetime | None:
    """Return an ISO 8601 time in UTC; None where ``value`` is none."""
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _absolute(when: datetime, style: str) -> str:
    clock, day = f"{when:%H:%M}", f"{when.day} {when:%B} {when.year}"
    match style:
        case "t":
            return clock
        case "T":
            return f"{when:%H:%M:%S}"
        case "d":
            return f"{when:%d/%m/%Y}"
        case "D":
            return day
        case "F":
            return f"{when:%A}, {day} {clock} UTC"
        case _:
            return f"{day} {clock}"


def _relative(unix_s: int, now: float) -> str:
    seconds = round(now - unix_s)
    for length_s, unit in _UNITS:
        count = abs(seconds) // length_s
        if count:
            some = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"{some} ago" if seconds > 0 else f"in {some}"
    return "now"
