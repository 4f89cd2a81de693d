"""Durations as Go writes them, to the nanosecond: ``333ms``, ``1h30m``, ``-1.5s``, ``1000000h``."""

import re
from decimal import Decimal
from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.values import INT_MAX

_UNIT_NS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_CHARS_MAX: Final = 200


def parse_go_duration(text: str) -> int:
    """Return nanoseconds; fractions of one are cut off.

    Raises:
        OttlError: not a duration, or longer than 64 bits of nanoseconds (about 292 years).
    """
    unsigned = text[1:] if text[:1] in ("+", "-") else text
    if unsigned == "0":
        return 0
    total, position = 0, 0
    while len(text) <= _CHARS_MAX and position < len(unsigned) and (part := _PART.match(unsigned, position)):
        total += int(Decimal(part[1]) * _UNIT_NS[part[2]])
        position = part.end()
    if not unsigned or position < len(unsigned):
        raise OttlError("not a duration; write it like 250ms, 10s, 5m or 1h30m")
    if total > INT_MAX:
        raise OttlError("a duration longer than 292 years")
    return -total if text.startswith("-") else total


def go_duration_text(ns: int) -> str:
    """Return the duration as Go prints it: ``1h30m0s``, ``1.5ms``, ``0s``."""
    sign, total = ("-", -ns) if ns < 0 else ("", ns)
    for unit, unit_ns in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if 0 < total < unit_ns * 1_000:
            return f"{sign}{_decimal(total, unit_ns)}{unit}"
    minutes, rest = divmod(total, 60_000_000_000)
    hours, minutes = divmod(minutes, 60)
    hour_part = f"{hours}h" if hours else ""
    minute_part = f"{minutes}m" if hours or minutes else ""
    return f"{sign}{hour_part}{minute_part}{_decimal(rest, 1_000_000_000)}s"


def _decimal(ns: int, unit_ns: int) -> str:
    return format((Decimal(ns) / unit_ns).normalize(), "f")
