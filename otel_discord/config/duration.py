"""Durations as Go and the Collector write them: ``250ms``, ``10s``, ``1m30s``, ``0``."""

import re
from typing import Final

_UNIT_S: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE: Final = re.compile(rf"[-+]?(?:{_PART.pattern})+")
_LONGEST_S: Final = 2**63 / 1e9  # Go counts nanoseconds in 64 bits: about 292 years
_EXAMPLES: Final = "use a number with a unit, as in 250ms, 10s, 5m or 1h30m"


def parse_duration(text: object) -> float:
    """Return seconds.

    Raises:
        ValueError: not a duration, or longer than Go's 292 years; a bare number other than 0 has no unit and is
            refused, as in Go.
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise ValueError(f"not a duration; {_EXAMPLES}")
    if isinstance(text, (int, float)):
        if text == 0:
            return 0.0
        raise ValueError(f"{text} has no unit; {_EXAMPLES}")
    stripped = text.strip()
    if stripped in {"0", "+0", "-0"}:
        return 0.0
    if not _WHOLE.fullmatch(stripped):
        raise ValueError(f"{text!r} is not a duration; {_EXAMPLES}")
    total = sum(float(number) * _UNIT_S[unit] for number, unit in _PART.findall(stripped))
    if total > _LONGEST_S:
        raise ValueError("is longer than 292 years")
    return -total if stripped.startswith("-") else total


def format_duration(seconds: float) -> str:
    """Return the shortest Go spelling, to the nanosecond: ``250ms``, ``1m30s``, ``0s``."""
    nanoseconds = round(abs(seconds) * 1e9)
    sign = "-" if seconds < 0 < nanoseconds else ""
    for unit, scale in (("ns", 1), ("us", 1_000), ("ms", 1_000_000)):
        if 0 < nanoseconds < 1_000 * scale:
            return f"{sign}{_decimal(nanoseconds, scale)}{unit}"
    minutes, rest = divmod(nanoseconds, 60_000_000_000)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "h"), (minutes, "m")) if number]
    if rest or not parts:
        parts.append(f"{_decimal(rest, 1_000_000_000)}s")
    return sign + "".join(parts)


def _decimal(number: int, scale: int) -> str:
    whole, rest = divmod(number, scale)
    return f"{whole}.{rest:0{len(str(scale)) - 1}}".rstrip("0") if rest else str(whole)
