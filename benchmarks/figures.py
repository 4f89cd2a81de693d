"""A measured figure, and the little statistics that it takes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

CHANGE: Final = 1.2
"""A ratio that differs from the stored one by more than this factor is marked."""

Better = Literal["higher", "lower"]
Verdict = Literal["better", "worse", "same", "new"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table.

    ``ratio`` is what is compared between machines: the value in units of a calibration of the same run, or the value
    itself where it does not depend on the machine (a utilisation, bytes per byte). NaN: not comparable.
    """

    name: str
    value: float
    unit: str
    ratio: float = math.nan
    better: Better = "higher"
    aim: float | None = None

    @property
    def meets_aim(self) -> bool:
        """Whether the value is where it should be; True without an aim."""
        if self.aim is None:
            return True
        return self.value >= self.aim if self.better == "higher" else self.value <= self.aim

    def to_json(self) -> dict[str, Any]:
        """Return what is stored."""
        ratio = None if math.isnan(self.ratio) else rounded(self.ratio)
        return {"value": rounded(self.value), "unit": self.unit, "ratio": ratio, "better": self.better, "aim": self.aim}


@dataclass(frozen=True, slots=True)
class Report:
    """What one benchmark found: figures, and remarks for the reader."""

    figures: Sequence[Figure]
    notes: Sequence[str] = ()


def median(values: Sequence[float]) -> float:
    """Return the middle value, or the mean of the two in the middle."""
    return quantile(values, 0.5)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of all lie, between neighbours in proportion.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    lower = math.floor(place)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (place - lower)


def verdict(figure: Figure, stored_ratio: float | None) -> Verdict:
    """Return how a figure stands to the stored ratio: changed by more than :data:`CHANGE`, or not."""
    if math.isnan(figure.ratio) or figure.ratio <= 0:
        return "same"
    if stored_ratio is None or stored_ratio <= 0:
        return "new"
    change = figure.ratio / stored_ratio
    if 1 / CHANGE <= change <= CHANGE:
        return "same"
    return "better" if (change > 1) == (figure.better == "higher") else "worse"


def rounded(value: float) -> float:
    """Return a value with four significant digits; more would be noise."""
    return float(f"{value:.4g}")
