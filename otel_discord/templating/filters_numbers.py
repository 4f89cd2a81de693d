"""Filters for numbers, times and sizes. A text that holds a number is taken as that number."""

from collections.abc import Iterable
from itertools import islice, pairwise
from math import isfinite
from typing import Final

from jinja2.exceptions import FilterArgumentError
from jinja2.runtime import Undefined

from otel_discord.templating import quantities, wording
from otel_discord.templating.text import Markdown

_SPARKS: Final = "▁▂▃▄▅▆▇█"
_MAX_SPARKS: Final = 60
_MAX_SPARK_VALUES: Final = 2_000
_SECONDS_OF: Final = {
    "d": 86_400.0,
    "h": 3_600.0,
    "min": 60.0,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "µs": 1e-6,
    "ns": 1e-9,
}
_MAX_NUMBER_CHARS: Final = 64


def as_number(value: object) -> float:
    """Return a number, also one that is written as a text.

    Raises:
        FilterArgumentError: it is none.
    """
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and len(value) <= _MAX_NUMBER_CHARS:
        try:
            return int(value)
        except ValueError:
            pass
        try:
            return float(value)
        except ValueError:
            pass
    if isinstance(value, Undefined):
        return float(str(value))  # StrictUndefined raises with the name
    shown = f"'{value[:24]}'" if isinstance(value, str) else type(value).__name__
    raise FilterArgumentError(f"a number is expected here, not {shown}")


def in_bytes(value: object) -> str:
    """Return bytes as ``1.4 GiB``."""
    return wording.size(as_number(value))


def in_number(value: object, unit: str = "") -> str:
    """Return ``1,240``, with a unit ``1,240 jobs``; a text that is no number stays."""
    said = str(value) if isinstance(value, (bool, str)) and not _is_number(value) else wording.number(as_number(value))
    return f"{said} {unit}".rstrip()


def _is_number(value: object) -> bool:
    try:
        as_number(value)
    except FilterArgumentError:
        return False
    return not isinstance(value, bool)


def in_percent(value: object) -> str:
    """Return 0.82 as ``82 %``."""
    ratio = as_number(value)
    return wording.percent(ratio) if isfinite(ratio) else f"{ratio:g} %"


def in_duration(value: object, unit: str = "s") -> str:
    """Return seconds, or with a unit milliseconds and so on, as ``3 m 12 s``."""
    if unit not in _SECONDS_OF:
        raise FilterArgumentError(f"unknown unit '{str(unit)[:16]}'; known are {', '.join(_SECONDS_OF)}")
    return wording.duration(as_number(value) * _SECONDS_OF[unit])


def quantity(value: object, unit: str = "") -> str:
    """Return a metric's value with its UCUM unit: ``1.4 GiB`` for ``By``, ``82 %`` for ``%``, ``12 ms`` for ``ms``."""
    return quantities.show(as_number(value), str(unit)[:32])


def timestamp(value: object, style: str = "R") -> Markdown:
    """Return a Discord time stamp of nanoseconds since 1970."""
    moment = as_number(value)
    return Markdown(wording.timestamp(int(moment), style) if isfinite(moment) else "")


def rounded(value: object, decimals: int = 0) -> float:
    """Return the number with at most 15 decimals."""
    return round(float(as_number(value)), max(0, min(15, int(decimals))))


def plural(value: object, one: str, many: str = "") -> str:
    """Return ``1 job`` or ``1,240 jobs``; ``many`` where an s does not do."""
    count = as_number(value)
    return f"{wording.number(count)} {one if abs(count) == 1 else many or f'{one}s'}"


def sparkline(values: Iterable[object], width: int = _MAX_SPARKS) -> str:
    """Return numbers as ``▁▃▇``, at most 60; of more, neighbours share a bar as high as the highest of them."""
    numbers = [float(as_number(value)) for value in islice(values, _MAX_SPARK_VALUES) if value is not None]
    numbers = [min(max(value, -1e300), 1e300) for value in numbers if isfinite(value)]
    bars = max(1, min(_MAX_SPARKS, int(width), len(numbers)))
    starts = [index * len(numbers) // bars for index in range(bars + 1)]
    highest = [max(numbers[start:end]) for start, end in pairwise(starts)] if numbers else []
    low, high = min(highest, default=0.0), max(highest, default=0.0)
    steps = (len(_SPARKS) - 1) / (high - low) if high > low else 0.0
    return "".join(_SPARKS[int((value - low) * steps)] for value in highest)
