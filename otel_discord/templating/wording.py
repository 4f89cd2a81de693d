"""Numbers, sizes, durations and times as people say them. Pure functions."""

import math
from typing import Final

NANOSECONDS_PER_SECOND: Final = 1_000_000_000
_SIZE_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_LONG_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_SHORT_UNITS: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_LAST_TIMESTAMP_S: Final = 8_640_000_000_000
"""The last second that Discord's clients can show (ECMAScript time range)."""


def number(value: float) -> str:
    """Return 1240 as ``1,240``; fractions keep three significant digits."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**30 else f"{float(min(max(value, -(10**300)), 10**300)):.3g}"
    if not math.isfinite(value) or abs(value) >= 1e15:
        return f"{value:g}"
    decimals = 0 if value == int(value) else max(0, min(6, 2 - math.floor(math.log10(abs(value)))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def size(value: float) -> str:
    """Return a number of bytes as ``1.4 GiB``."""
    amount, unit = float(value), 0
    while math.isfinite(amount) and abs(amount) >= 1024 and unit < len(_SIZE_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    if unit == 0:
        return f"{number(value)} B"
    return f"{amount:,.1f}".removesuffix(".0") + f" {_SIZE_UNITS[unit]}"


def duration(seconds: float) -> str:
    """Return seconds as ``3 m 12 s`` (the two greatest units), or ``12 ms`` below a second."""
    if not math.isfinite(seconds):
        return f"{seconds:g} s"
    sign, rest = ("-" if seconds < 0 else ""), abs(seconds)
    if rest < 60:
        scale, name = next((unit for unit in _SHORT_UNITS if rest >= unit[0]), (1.0, "s"))
        return f"{sign}{number(round(rest / scale, 1))} {name}"
    whole, parts = round(rest), []
    for unit_s, name in _LONG_UNITS:
        count, whole = divmod(whole, unit_s)
        if count:
            parts.append(f"{count:,} {name}")
    return sign + " ".join(parts[:2])


def timestamp(time_unix_ns: int, style: str = "R") -> str:
    """Return a Discord time stamp, shown in each reader's own zone; "" for no time.

    Styles: t T d D f F R (R is relative: "2 minutes ago").
    """
    seconds = time_unix_ns // NANOSECONDS_PER_SECOND
    if time_unix_ns <= 0 or seconds > _LAST_TIMESTAMP_S:
        return ""
    return f"<t:{seconds}:{style if style in ('t', 'T', 'd', 'D', 'f', 'F', 'R') else 'R'}>"


def percent(ratio: float) -> str:
    """Return 0.82 as ``82 %``."""
    return f"{number(round(ratio * 100, 1))} %"
