"""What a value means for each severity of a rule. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from otel_discord.config import format_duration
from otel_discord.connectors.threshold.levels import Standing
from otel_discord.connectors.threshold.sources import Sample
from otel_discord.connectors.threshold.state import Worse
from otel_discord.connectors.threshold.values_unit import UnitOfValues
from otel_discord.signals.alert_threshold import Bound, Condition


class Judge(Protocol):
    """Of one rule. ``texts`` say for each severity what is exceeded, ``worse`` which of two values is the worse."""

    @property
    def texts(self) -> Sequence[str]: ...  # noqa: D102 - said above

    @property
    def worse(self) -> Worse: ...  # noqa: D102 - said above

    def standings(self, sample: Sample) -> Sequence[Standing]:
        """Return for each severity, from the least to the worst, what a sample means."""
        ...


@dataclass(slots=True)
class ThresholdJudge:
    """Compares a value with the conditions, and with those of ``resolve``."""

    severities: Sequence[str]
    conditions: Mapping[str, Condition]
    resolve: Mapping[str, Condition]
    """By severity; "" is the least that has a condition."""
    unit: UnitOfValues
    _bounds: list[tuple[Bound | None, Bound | None]] | None = field(default=None, init=False)
    _bound_unit: str = field(default="", init=False)

    @property
    def texts(self) -> Sequence[str]:
        """The conditions as written."""
        return [self.conditions[each].text if each in self.conditions else "" for each in self.severities]

    @property
    def worse(self) -> Worse:
        """As the conditions point."""
        if self.conditions and all(condition.looks_up for condition in self.conditions.values()):
            return Worse.GREATER
        if self.conditions and all(condition.looks_down for condition in self.conditions.values()):
            return Worse.SMALLER
        return Worse.FARTHER_FROM_ZERO

    def standings(self, sample: Sample) -> Sequence[Standing]:
        """Return MET, HELD (not back under ``resolve``) or CLEAR."""
        value = sample.value
        if value is None:
            return [Standing.CLEAR] * len(self.severities)
        if self._bounds is None or self._bound_unit != self.unit.unit:
            self._bounds, self._bound_unit = self._bind(), self.unit.unit
        return [_standing(value, condition, resolve) for condition, resolve in self._bounds]

    def _bind(self) -> list[tuple[Bound | None, Bound | None]]:
        least = next((each for each in self.severities if each in self.conditions), "")
        bound: list[tuple[Bound | None, Bound | None]] = []
        for severity in self.severities:
            condition = self.conditions.get(severity)
            resolve = self.resolve.get(severity) or (self.resolve.get("") if severity == least else None)
            bound.append(
                (self.unit.bound(condition) if condition else None, self.unit.bound(resolve) if resolve else None)
            )
        return bound


def _standing(value: float, condition: Bound | None, resolve: Bound | None) -> Standing:
    if condition is None:
        return Standing.CLEAR
    if condition.holds(value):
        return Standing.MET
    return Standing.HELD if resolve is not None and not resolve.holds(value) else Standing.CLEAR


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """A pair of windows; times are nanoseconds."""

    long_ns: int
    short_ns: int
    factor: float
    severity: str


@dataclass(frozen=True, slots=True)
class BurnJudge:
    """Compares how fast an error budget burns, over pairs of windows: both must be over the factor."""

    severities: Sequence[str]
    windows: Sequence[BurnWindow]
    worse: Worse = Worse.GREATER

    @property
    def texts(self) -> Sequence[str]:
        """The windows in words."""
        return [
            " or ".join(_burn_text(each) for each in self.windows if each.severity == severity)
            for severity in self.severities
        ]

    def standings(self, sample: Sample) -> Sequence[Standing]:
        """Return MET for each severity of which one pair of windows is over its factor."""
        met = {
            each.severity
            for each in self.windows
            if min(sample.burns.get(each.long_ns, 0.0), sample.burns.get(each.short_ns, 0.0)) > each.factor
        }
        return [Standing.MET if severity in met else Standing.CLEAR for severity in self.severities]


def _burn_text(window: BurnWindow) -> str:
    long, short = format_duration(window.long_ns / 1e9), format_duration(window.short_ns / 1e9)
    return f"budget burns > {window.factor:g}× over {long} and {short}"


@dataclass(frozen=True, slots=True)
class TogetherJudge:
    """Of a rule that fires when others do: whatever it gets a sample for is met."""

    severities: Sequence[str]
    parts: Sequence[str]
    worse: Worse = Worse.GREATER

    @property
    def texts(self) -> Sequence[str]:
        """The rules."""
        return [f"all of {', '.join(self.parts)}"] * len(self.severities)

    def standings(self, sample: Sample) -> Sequence[Standing]:
        """Return MET where all fire (value 1)."""
        return [Standing.MET if sample.value else Standing.CLEAR] * len(self.severities)
