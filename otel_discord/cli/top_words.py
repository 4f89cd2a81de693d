"""Numbers and times as ``top`` writes them: short, and of few widths. Pure."""

from datetime import datetime, tzinfo
from typing import Final

UNKNOWN: Final = "–"
_UNITS: Final = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "m"), (60, "m", 1, "s"))


def count(number: float | None) -> str:
    """Return ``4,312``, ``12.4M``."""
    if number is None:
        return UNKNOWN
    return f"{number:,.0f}" if abs(number) < 1_000_000 else f"{number / 1e6:,.1f}M"


def rate(per_s: float | None) -> str:
    """Return ``0``, ``0.4``, ``12``, ``1,240``."""
    if per_s is None:
        return UNKNOWN
    return f"{per_s:.1f}" if 0 < per_s < 10 else count(per_s)


def span(seconds: float | None) -> str:
    """Return ``143ms``, ``1.5s``, ``1m14s``, ``2h05m``, ``3d04h``."""
    if seconds is None:
        return UNKNOWN
    if seconds < 0.9995:
        return f"{max(0.0, seconds) * 1000:.0f}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    for size, unit, part, part_unit in _UNITS:
        if whole >= size:
            return f"{whole // size}{unit}{whole % size // part:02}{part_unit}"
    return f"{whole}s"


def share(part: float | None) -> str:
    """Return ``98 %``; never ``100 %`` for less than all, nor ``0 %`` for more than none."""
    if part is None:
        return UNKNOWN
    percent = part * 100
    return f"{min(99, max(1, round(percent))) if 0 < percent < 100 else round(percent)} %"


def mebibytes(size_bytes: float) -> str:
    """Return ``88 MiB``."""
    return f"{size_bytes / 2**20:,.0f} MiB"


def clock(text: object, zone: tzinfo | None = None) -> str:
    """Return the time of day of an RFC 3339 time, as people here read it."""
    moment = instant(text)
    return f"{moment.astimezone(zone):%H:%M:%S}" if moment else "?"


def seconds_between(earlier: object, later: object) -> float | None:
    """Return the seconds from one RFC 3339 time to another; None where one of them is none."""
    begin, end = instant(earlier), instant(later)
    return (end - begin).total_seconds() if begin and end else None


def instant(text: object) -> datetime | None:
    """Return the instant that an RFC 3339 text means."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
