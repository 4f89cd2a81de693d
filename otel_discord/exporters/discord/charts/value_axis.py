"""The axis of values: from where to where it goes, and labels at round numbers in people's units. Pure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.exporters.discord.charts.points import LARGEST
from otel_discord.signals.units import Dimension, Unit, parse_unit
from otel_discord.templating.wording import duration

MOST_LABELS: Final = 4
_PADDING: Final = 0.12
_FLAT: Final = 1e-12
"""A range this small beside its values is none: it is rounding."""
_DECIMAL: Final = (1.0, 2.0, 2.5, 5.0)
_SECONDS: Final = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0)
_BYTES: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_LARGE: Final = ((1e12, " T"), (1e9, " G"), (1e6, " M"))
_SMALL_TIMES: Final = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """From ``low`` at the bottom to ``high`` at the top."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Return where a value is, 0 to 1; what is outside is at the edge."""
        value = min(max(value, self.low), self.high)
        return (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)


def value_axis(values: Sequence[float], threshold: float | None) -> ValueAxis:
    """Return an axis that shows all finite values and the threshold, with a little room.

    It begins at zero where that does not cost much of the height: then heights can be compared.
    """
    shown = [*values, *([] if threshold is None else [threshold])]
    low, high = max(-LARGEST, min(shown)), min(LARGEST, max(shown))
    if high - low <= _FLAT * max(abs(low), abs(high), 1e-290):
        middle = low
        room = abs(middle) / 2 or 1.0
        low, high = middle - room, middle + room
    room = (high - low) * _PADDING
    floor, ceiling = low - room, high + room
    if low >= 0 and (low <= 0.6 * high or floor < 0):
        floor = 0.0
    if high <= 0 and (high >= 0.6 * low or ceiling > 0):
        ceiling = 0.0
    return ValueAxis(floor, ceiling)


def value_labels(axis: ValueAxis, unit: str, *, as_percent: bool) -> list[tuple[float, str]]:
    """Return two to five round values within the axis and their texts; none where they could not be told apart."""
    known = parse_unit(unit)
    scale = _scale(known, as_percent=as_percent)
    low, high = axis.low * scale, axis.high * scale
    if not (math.isfinite(low) and math.isfinite(high)) or not high - low > 0:
        return []
    steps = _steps(known.dimension if known and not as_percent else None, (high - low) / MOST_LABELS)
    at = [step * steps for step in range(math.ceil(low / steps), math.floor(high / steps) + 1)] if steps else []
    name = _namer(known, unit, max(abs(low), abs(high)), steps, as_percent=as_percent)
    labels = [(value / scale, name(value)) for value in at if low <= value <= high]
    texts = {text for _, text in labels}
    return labels if len(texts) == len(labels) else []


def _scale(known: Unit | None, *, as_percent: bool) -> float:
    """Return what a value is multiplied with to be in bytes, seconds or percent."""
    if known is None:
        return 1.0
    if known.dimension is Dimension.RATIO:
        return known.factor * 100 if as_percent or known.factor != 1 else 1.0
    return known.factor if known.dimension in (Dimension.BYTES, Dimension.SECONDS) else 1.0


def _steps(dimension: Dimension | None, least: float) -> float:
    """Return the least round number that is not less: 1, 2, 2.5, 5 · 10ⁿ; 2ⁿ bytes; whole minutes, hours, days."""
    if not least > 1e-300:
        return 0.0
    if dimension is Dimension.BYTES and least >= 1:
        return float(2.0 ** math.ceil(math.log2(least)))
    if dimension is Dimension.SECONDS and 30 < least <= _SECONDS[-1]:
        return next(step for step in _SECONDS if step >= least)
    if dimension is Dimension.SECONDS and 10 < least <= 30:
        return 15.0 if least <= 15 else 30.0
    days = 86_400.0 if dimension is Dimension.SECONDS and least > 86_400 else 1.0
    power = 10.0 ** math.floor(math.log10(least / days))
    bases = _DECIMAL if days == 1 else (1.0, 2.0, 5.0)
    return next((base * power for base in bases if base * power >= least / days), 10 * power) * days


def _namer(known: Unit | None, unit: str, largest: float, step: float, *, as_percent: bool) -> Callable[[float], str]:
    """Return how values are written: all of one axis in one unit, with the decimals that the step needs."""
    suffix = "/s" if known and known.per_second else ""
    if as_percent:
        return lambda value: f"{_decimal(value, step)} %"
    if known and known.dimension is Dimension.BYTES:
        power = min(len(_BYTES) - 1, max(0, math.floor(math.log2(max(largest, 1)) / 10)))
        return lambda value: f"{_decimal(value / 1024**power, step / 1024**power)} {_BYTES[power]}{suffix}"
    if known and known.dimension is Dimension.SECONDS:
        return _time_namer(largest, step, suffix)
    divisor, name = next(((size, name) for size, name in _LARGE if largest >= 2 * size), (1.0, ""))
    if known is None:
        name = f"{name} {unit.strip()}"
    return lambda value: f"{_decimal(value / divisor, step / divisor)}{name if value or known is None else ''}{suffix}"


def _time_namer(largest: float, step: float, suffix: str) -> Callable[[float], str]:
    if step >= 15 and step % 15 == 0 and largest < 1e9:
        return lambda value: (duration(value) if value else "0 s") + suffix
    scale, name = next((each for each in _SMALL_TIMES if largest >= each[0]), _SMALL_TIMES[-1])
    return lambda value: f"{_decimal(value / scale, step / scale)} {name}{suffix}"


def _decimal(value: float, step: float) -> str:
    """Return a multiple of a step with as many decimals as steps have; very large and very small ones in powers."""
    if abs(value) >= 1e9 or (step and step < 1e-6):
        return f"{value:.4g}"
    decimals = next((count for count in range(10) if abs(round(step, count) - step) < step / 1000), 10)
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.removeprefix("-") if value == 0 else text
