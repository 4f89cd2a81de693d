"""Time zones by name; UTC is there also where the system has no time zone data."""

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo


def zone_of(name: str) -> tzinfo:
    """Return the zone of an IANA name.

    Raises:
        ValueError: there is none of that name here.
    """
    if name in {"", "UTC"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("is no time zone; use a name such as UTC, Europe/Berlin or America/New_York") from None
