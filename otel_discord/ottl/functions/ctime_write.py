"""Times written by a format of :mod:`ctime_format`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.ctime_format import MONTHS, WEEKDAYS, parts_of

_NS_PER_S: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOURS: Final = 12


def civil_time(ns: int, zone: tzinfo) -> tuple[datetime, int]:
    """Return the date and time of day in a zone, and the nanoseconds within the second.

    Raises:
        OttlError: outside the years 1 to 9999.
    """
    seconds, nanoseconds = divmod(ns, _NS_PER_S)
    try:
        return (_EPOCH + timedelta(seconds=seconds)).astimezone(zone), nanoseconds
    except (OverflowError, ValueError):
        raise OttlError("the time is outside the years 1 to 9999") from None


def write_time(ns: int, layout: str, zone: tzinfo = UTC) -> str:
    """Return a time, in nanoseconds since 1970, in a format.

    Raises:
        OttlError: not a format, or a time outside the years 1 to 9999.
    """
    time, nanoseconds = civil_time(ns, zone)
    return "".join(_WRITERS[letter](time, nanoseconds) if letter else text for letter, text in parts_of(layout))


def _hour_of_12(time: datetime) -> int:
    return time.hour % _HOURS or _HOURS


def _offset(time: datetime, form: str) -> str:
    offset = time.utcoffset() or timedelta()
    total = int(abs(offset).total_seconds())
    sign = "-" if offset < timedelta() else "+"
    return sign + form.format(h=total // 3600, m=total // 60 % 60, s=total % 60)


_WRITERS: Final[dict[str, Callable[[datetime, int], str]]] = {
    "Y": lambda time, _: f"{time.year:04}",
    "y": lambda time, _: f"{time.year % 100:02}",
    "m": lambda time, _: f"{time.month:02}",
    "o": lambda time, _: f"{time.month:2}",
    "q": lambda time, _: f"{time.month}",
    "b": lambda time, _: MONTHS[time.month - 1][:3],
    "h": lambda time, _: MONTHS[time.month - 1][:3],
    "B": lambda time, _: MONTHS[time.month - 1],
    "d": lambda time, _: f"{time.day:02}",
    "e": lambda time, _: f"{time.day:2}",
    "g": lambda time, _: f"{time.day}",
    "a": lambda time, _: WEEKDAYS[time.weekday()][:3],
    "A": lambda time, _: WEEKDAYS[time.weekday()],
    "H": lambda time, _: f"{time.hour:02}",
    "I": lambda time, _: f"{_hour_of_12(time):02}",
    "l": lambda time, _: f"{_hour_of_12(time)}",
    "p": lambda time, _: "AM" if time.hour < _HOURS else "PM",
    "P": lambda time, _: "am" if time.hour < _HOURS else "pm",
    "M": lambda time, _: f"{time.minute:02}",
    "S": lambda time, _: f"{time.second:02}",
    "L": lambda _, nanoseconds: f"{nanoseconds // 1_000_000:03}",
    "f": lambda _, nanoseconds: f"{nanoseconds // 1_000:06}",
    "s": lambda _, nanoseconds: f"{nanoseconds:09}",
    "z": lambda time, _: _offset(time, "{h:02}{m:02}"),
    "Z": lambda time, _: time.tzname() or "UTC",
    "i": lambda time, _: _offset(time, "{h:02}"),
    "j": lambda time, _: _offset(time, "{h:02}:{m:02}"),
    "k": lambda time, _: _offset(time, "{h:02}:{m:02}:{s:02}"),
    "w": lambda time, _: _offset(time, "{h:02}{m:02}{s:02}"),
}
