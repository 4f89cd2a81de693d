"""From what a text says of a time to the instant it means: zones, offsets, and dates that are not written."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from otel_discord.ottl.errors import OttlError

_NS_PER_S: Final = 1_000_000_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


@dataclass(slots=True)
class Found:
    """What has been read; ``zone`` is an abbreviation. ``fraction_follows``: the format has a fraction of its own."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: bool = False
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    afternoon: bool | None = None
    offset_s: int | None = None
    zone: str = ""
    fraction_follows: bool = False


def location(name: str) -> tzinfo:
    """Return a time zone by its name in the IANA database (``Europe/Berlin``).

    Raises:
        OttlError: there is none.
    """
    found = _zone(name)
    if found is None:
        raise OttlError(f"no such time zone: {name!r}")
    return found


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo | None:
    # What is not found is remembered too: abbreviations come from records, and each look-up asks the file system.
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return None


def instant_ns(found: Found, zone: tzinfo | None, now_ns: int) -> int:
    """Return nanoseconds since 1970; ``zone`` None is the host's own, and counts where the text names none.

    Raises:
        OttlError: an abbreviation of a zone that is not known.
        ValueError, OverflowError, OSError: there is no such day or time.
    """
    hour = found.hour
    if found.afternoon is not None:
        hour = hour % 12 + (12 if found.afternoon else 0)
    seconds = hour * 3600 + found.minute * 60 + found.second
    if found.year is not None and found.year > 0:
        return _at(found, date(found.year, found.month or 1, found.day or 1), seconds, zone)
    today = datetime.fromtimestamp(now_ns // _NS_PER_S, zone or _zone_of_host(now_ns))
    if found.year is None and found.month is None and found.day is None and not found.weekday:
        return _at(found, today.date(), seconds, zone)
    ns = _at(found, date(today.year, found.month or 1, found.day or 1), seconds, zone)
    if ns > now_ns + 7 * 86_400 * _NS_PER_S:
        ns = _at(found, date(today.year - 1, found.month or 1, found.day or 1), seconds, zone)
    return ns


def _at(found: Found, day: date, seconds: int, zone: tzinfo | None) -> int:
    offset_s = found.offset_s
    if offset_s is None:
        civil = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds)
        offset_s = _offset_s(civil.replace(tzinfo=None), found.zone, zone)
    return ((day.toordinal() - _EPOCH_DAY) * 86_400 + seconds - offset_s) * _NS_PER_S + found.nanosecond


def _offset_s(civil: datetime, abbreviation: str, zone: tzinfo | None) -> int:
    here = civil.replace(tzinfo=zone) if zone else civil.astimezone()
    if abbreviation not in ("", here.tzname()):
        here = civil.replace(tzinfo=UTC if abbreviation in ("UTC", "GMT") else location(abbreviation))
    return round((here.utcoffset() or timedelta()).total_seconds())


def _zone_of_host(now_ns: int) -> tzinfo:
    here = datetime.fromtimestamp(now_ns // _NS_PER_S, UTC).astimezone().utcoffset() or timedelta()
    return timezone(here)
