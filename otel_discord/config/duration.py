"""Durations as Go and the Collector write them: ``250ms``, ``10s``, ``1m30s``, ``0``."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

_UNIT_S: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE: Final = re.compile(rf"[-+]?(?:{_PART.pattern})+")
_EXAMPLES: Final = "use a number with a unit, as in 250ms, 10s, 5m or 1h30m"


def parse_duration(text: object) -> float:
    """Return seconds.

    Raises:
        ValueError: not a duration; a bare number other than 0 has no unit and is refused, as in Go.
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
    return -total if stripped.startswith("-") else total


def format_duration(seconds: float) -> str:
    """Return the shortest Go spelling: ``250ms``, ``1m30s``, ``0s``."""
    if seconds == 0:
        return "0s"
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    if rest < 1:
        for unit, scale in (("ms", 1e3), ("us", 1e6), ("ns", 1e9)):
            if rest * scale >= 1:
                return f"{sign}{rest * scale:.6g}{unit}"
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{int(n)}{u}" for n, u in ((hours, "h"), (minutes, "m")) if n]
    if rest:
        parts.append(f"{rest:.9g}s")
    return sign + "".join(parts)


def _not_negative(seconds: float) -> float:
    if seconds < 0:
        raise ValueError("must not be negative")
    return seconds


def _parse(value: object) -> float:
    # A default written in code is already seconds; what a user writes is a string (or 0).
    return _not_negative(parse_duration(value))


Duration = Annotated[
    float,
    Field(strict=False),
    BeforeValidator(_parse),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["250ms", "10s", "5m"]}),
]
"""Seconds, not negative; written as a Go duration. Defaults in code are plain seconds and are not validated."""
