"""When a destination is to be quiet: hours of the day in a time zone, over midnight as well. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from otel_discord.config.nearest import did_you_mean

_UTC_NAMES: Final = frozenset({"", "UTC"})


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``begin`` to before ``end``, by the clocks of a zone; where both are the same, all day."""

    begin: time
    end: time
    zone: tzinfo

    def cover(self, now_s: float) -> bool:
        """Return whether it is quiet at this Unix time; when clocks are changed, what they show counts."""
        clock = datetime.fromtimestamp(now_s, self.zone).time()
        if self.begin < self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its name in the IANA database, ``Europe/Berlin``.

    Raises:
        ValueError: there is none of that name; says the nearest.
    """
    if name in _UTC_NAMES:
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, LookupError, ValueError):
        raise ValueError(_what_is_wrong(name)) from None


def _what_is_wrong(name: str) -> str:
    known = _known_zones()
    if not known:
        return "cannot be looked up: this host has no time zone data (the package tzdata brings it)"
    hint = did_you_mean(name, known) or "use a name such as UTC, Europe/Berlin or America/New_York"
    return f'"{name}" is no time zone; {hint}'


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())
