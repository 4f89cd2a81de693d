"""Values of metrics as people say them, with their unit: ``1,240``, ``1.4 GiB``, ``82 %``. Pure."""

import math
from typing import Final

from otel_discord.signals.units import Dimension, parse_unit
from otel_discord.templating.wording import duration, number, size

_SHARES: Final = (".utilization", ".ratio", "_ratio")


def show(value: float | None, unit: str, *, as_percent: bool = False) -> str:
    """Return a value as people say it: ``1,240``, ``1.4 GiB``, ``3 m 12 s``, ``82 %``, ``12 MiB/s``.

    ``as_percent`` shows a ratio (unit 1, or none) in percent.
    """
    if value is None:
        return "no value"
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite" if value > 0 else "minus infinite"
    known = parse_unit(unit)
    suffix = "/s" if known and known.per_second else ""
    if known is None:
        return f"{number(_plain(value))} {unit}".strip()
    base = value * known.factor
    if abs(base) >= 1e300:
        return f"{value:g} {unit}".strip()
    if known.dimension is Dimension.BYTES:
        return size(_plain(base)) + suffix
    if known.dimension is Dimension.SECONDS:
        return "0 s" if base == 0 else duration(base) + suffix
    if unit.strip() in ("%", "percent") or (as_percent and not suffix):
        return f"{number(_plain(round(base * 100, 2)))} %"
    return f"{number(_plain(value))}{suffix}"


def is_said_in_percent(unit: str, metric: str, *, written_in_percent: bool = False) -> bool:
    """Return whether values of a metric are ratios that people say in percent.

    They are where a condition on them is ``written_in_percent``, and where the metric's name says so by the semantic
    conventions, or is a quotient of two (``errors / requests``).
    """
    bare = unit.strip()
    is_share = written_in_percent or metric.endswith(_SHARES) or (bare == "1" and " / " in metric)
    return bare in ("%", "percent") or (bare in ("1", "") and is_share)


def _plain(value: float) -> float:
    return int(value) if abs(value) < 1e15 and value == int(value) else value
