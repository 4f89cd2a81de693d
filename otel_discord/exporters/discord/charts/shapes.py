"""What a chart consists of, before it has a size, a colour or a font. All positions are shares: 0 to 1 of the plot."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the plot: ``x`` from the left, ``y`` from the bottom, each from 0 to 1."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Span:
    """From and to, in shares of the width."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Label:
    """A short text at a share of the height or of the width."""

    at: float
    text: str


class MarkKind(StrEnum):
    """What a mark in time stands for."""

    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the alert's life, in shares of the width, and what is written below it."""

    at: float
    kind: MarkKind
    text: str


@dataclass(frozen=True, slots=True)
class Worst:
    """The point to look at first."""

    spot: Spot
    text: str
    is_low: bool = False
    """The worst is the lowest, so its text belongs below it."""


@dataclass(frozen=True, slots=True)
class ChartPlan:
    """A chart of one alert."""

    lines: Sequence[Sequence[Spot]]
    """Runs of points without a gap between them; a run may be one point."""
    value_labels: Sequence[Label] = ()
    time_labels: Sequence[Label] = ()
    threshold: float | None = None
    """Its share of the height."""
    threshold_text: str = ""
    breaches: Sequence[Span] = ()
    """When the threshold was crossed, as far as points say so."""
    bad_is_low: bool | None = None
    """Which side of the threshold is the bad one; None where it is neither."""
    marks: Sequence[Mark] = ()
    worst: Worst | None = None
    is_over: bool = False
    """The alert is resolved."""
    is_severe: bool = False
    """The alert is worse than a warning."""
    description: str = ""
    """The chart in words, for those who cannot see it."""
