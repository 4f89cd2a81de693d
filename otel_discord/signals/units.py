"""Units of metrics: what a number with a unit is in another one. Pure.

Units are those of OTLP (UCUM: ``By``, ``s``, ``1``, ``{job}``) and those that people write (``GiB``, ``ms``, ``%``,
``MB/s``).
"""

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Dimension(StrEnum):
    """What a unit measures; units of one dimension can be converted."""

    BYTES = "bytes"
    SECONDS = "seconds"
    RATIO = "ratio"
    COUNT = "count"


_KIBI: Final = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
_KILO: Final = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_UNITS: Final[dict[str, tuple[Dimension, float]]] = {
    **{f"{prefix}{name}": (Dimension.BYTES, factor) for prefix, factor in _KIBI.items() for name in ("B", "By")},
    **{f"{prefix}{name}": (Dimension.BYTES, factor) for prefix, factor in _KILO.items() for name in ("B", "By")},
    **dict.fromkeys(("B", "By", "byte", "bytes"), (Dimension.BYTES, 1.0)),
    **dict.fromkeys(("bit", "bits"), (Dimension.BYTES, 1 / 8)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), (Dimension.SECONDS, 1.0)),
    **dict.fromkeys(("ms", "milliseconds"), (Dimension.SECONDS, 0.001)),
    **dict.fromkeys(("us", "µs", "μs", "microseconds"), (Dimension.SECONDS, 1e-06)),
    **dict.fromkeys(("ns", "nanoseconds"), (Dimension.SECONDS, 1e-09)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), (Dimension.SECONDS, 60.0)),
    **dict.fromkeys(("h", "hour", "hours"), (Dimension.SECONDS, 3600.0)),
    **dict.fromkeys(("d", "day", "days"), (Dimension.SECONDS, 86400.0)),
    **dict.fromkeys(("%", "percent"), (Dimension.RATIO, 0.01)),
    "1": (Dimension.RATIO, 1.0),
    "k": (Dimension.COUNT, 1e3),
}
_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")
_PER_SECOND: Final = re.compile(r"/\s*(?:s|sec|second)$")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as far as it is understood; ``factor`` times a number in it is the number in the dimension's base."""

    dimension: Dimension | None
    factor: float = 1.0
    per_second: bool = False


def parse_unit(text: str) -> Unit | None:
    """Return the unit, None where it is none that is known; "" and annotations (``{job}``) have no dimension."""
    plain = text.strip()
    per_second = bool(_PER_SECOND.search(plain))
    plain = _PER_SECOND.sub("", plain).strip()
    bare = _ANNOTATION.sub("", plain).strip()
    if not bare:
        return Unit(None, 1.0, per_second)
    if bare not in _UNITS:
        return None
    dimension, factor = _UNITS[bare]
    return Unit(None if dimension is Dimension.COUNT else dimension, factor, per_second)


def convert(amount: float, written: str, to: str) -> float | None:
    """Return an amount in unit ``to`` (of a metric), None where the units measure different things.

    What is written without a unit is in the metric's. A metric without a known unit has the base unit of what is
    written: bytes, seconds, or a ratio where 1 is 100 %.
    """
    have, want = parse_unit(written), parse_unit(to)
    if have is None:
        return None
    if have.dimension is None:
        return amount * have.factor
    if want is None or want.dimension is None:
        return amount * have.factor
    if want.dimension is not have.dimension:
        return None
    result = amount * have.factor / want.factor
    return round(result, 15 - math.ceil(math.log10(abs(result)))) if result else 0.0


def of_rate(unit: str) -> str:
    """Return the unit of a rate of a metric: ``By`` becomes ``By/s``."""
    return f"{unit or '1'}/s" if not unit.endswith("/s") else unit
