"""Conditions of alerts (``> 0.8``, ``<= 80 %``, ``> 1.5 GiB``): read once, bound to a unit, asked often. Pure."""

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from otel_discord.signals.units import convert, parse_unit

_OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
_FORM: Final = re.compile(
    r"\s*(?P<operator>[<>=!≥≤≠]+)?\s*(?P<number>[-+]?(?:\d[\d_,]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)?\s*(?P<unit>.*?)\s*"
)
_WAYS: Final = "as in > 100, <= 80 %, > 500ms or > 1.5 GiB"
_THOUSANDS: Final = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison as written; ``unit`` is "" where none is written, and then the metric's own."""

    text: str
    sign: str
    amount: float
    unit: str = ""

    def bound_to(self, unit: str) -> "Bound | None":
        """Return the condition for values in a unit; None where the units measure different things."""
        limit = convert(self.amount, self.unit, unit)
        return None if limit is None else Bound(_OPERATORS[self.sign], limit)

    @property
    def looks_up(self) -> bool:
        """Whether greater values are worse."""
        return self.sign in (">", ">=")

    @property
    def looks_down(self) -> bool:
        """Whether smaller values are worse."""
        return self.sign in ("<", "<=")

    @property
    def in_percent(self) -> bool:
        """Whether it speaks of percent, so that values should as well."""
        return self.unit in ("%", "percent")


@dataclass(frozen=True, slots=True)
class Bound:
    """A comparison with a number in the unit of the values."""

    compare: Callable[[float, float], bool]
    limit: float

    def holds(self, value: float) -> bool:
        """Return whether it holds; nothing holds for what is not a number."""
        return not math.isnan(value) and self.compare(value, self.limit)


def parse_condition(text: str) -> Condition:
    """Return the condition.

    Raises:
        ValueError: it is none; says what to write.
    """
    found = _FORM.fullmatch(text)
    if found is None or not text.strip():
        raise ValueError(f"{text!r} is no condition; write an operator and a number, {_WAYS}")
    sign = found["operator"] or ""
    if sign not in _OPERATORS:
        meant = {"=": "==", "≥": ">=", "≤": "<=", "≠": "!=", "=>": ">=", "=<": "<=", "<>": "!="}.get(sign)
        if meant:
            raise ValueError(f"{text!r}: there is no operator {sign}; write {meant}")
        raise ValueError(f"{text!r} needs one of the operators {' '.join(_OPERATORS)}, {_WAYS}")
    if not found["number"]:
        raise ValueError(f"{text!r} needs a number after {sign}, {_WAYS}")
    if "," in found["number"] and not _THOUSANDS.fullmatch(found["number"]):
        raise ValueError(f"{text!r}: a decimal point is a point, and commas stand between thousands")
    amount = float(found["number"].replace("_", "").replace(",", ""))
    if not math.isfinite(amount):
        raise ValueError(f"{text!r}: the number is too large")
    if parse_unit(found["unit"]) is None:
        raise ValueError(
            f"{text!r}: unknown unit {found['unit']!r}; known are %, B, kB, MB, GB, KiB, MiB, GiB, TiB, ns, us, ms, s,"
            " min, h, d, each also per second (/s), or no unit for the metric's own"
        )
    return Condition(text.strip(), sign, amount, found["unit"])
