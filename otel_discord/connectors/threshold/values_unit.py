"""In which unit a rule's values are, and its conditions in that unit. Learnt from the first metric that comes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from otel_discord.signals.alert_threshold import Bound, Condition
from otel_discord.signals.units import of_rate
from otel_discord.templating.quantities import is_said_in_percent, show

_DISTRIBUTIONS: Final = frozenset({"histogram", "exponential_histogram", "summary"})
_COUNTS: Final = frozenset({"count"})
_CHANGES: Final = frozenset({"rate", "increase"})


def unit_of_values(aggregation: str, unit: str, kind: str) -> str:
    """Return the unit of an aggregate: counts have none, a rate of ``By`` is ``By/s``.

    ``kind`` is the OTLP name of the metric's data, such as ``sum`` or ``histogram``: what grows there is a count.
    """
    if aggregation in _COUNTS:
        return ""
    if aggregation in _CHANGES and kind in _DISTRIBUTIONS:
        unit = ""
    return of_rate(unit) if aggregation == "rate" else unit


@dataclass(slots=True)
class UnitOfValues:
    """The unit of one rule's values. ``given`` is what the user says, which holds whatever the metric says."""

    aggregation: str
    given: str = ""
    conditions: Sequence[Condition] = ()
    is_share: bool = False
    unit: str = ""
    is_known: bool = False
    mismatches: list[str] = field(default_factory=list)
    """Conditions whose unit measures something else than the metric's; their number is taken as it stands."""

    def __post_init__(self) -> None:
        if self.is_share or self.given:
            self.unit = "1" if self.is_share and not self.given else self.given
            self.is_known = True

    def learn(self, unit: str, kind: str) -> None:
        """Take the unit of a metric, the first time."""
        if not self.is_known:
            self.is_known = True
            self.unit = unit_of_values(self.aggregation, unit, kind)

    def bound(self, condition: Condition) -> Bound:
        """Return a condition for values in this unit."""
        found = condition.bound_to(self.unit)
        if found is not None:
            return found
        if condition.text not in self.mismatches:
            self.mismatches.append(condition.text)
        return Condition(condition.text, condition.sign, condition.amount).bound_to("") or Bound(_never, 0.0)

    def show(self, value: float | None, metric: str) -> str:
        """Return a value as people say it; ratios in percent, where that is what they are."""
        written = any(condition.in_percent for condition in self.conditions)
        as_percent = self.is_share or is_said_in_percent(self.unit, metric, written_in_percent=written)
        return show(value, self.unit, as_percent=as_percent)


def _never(_: float, __: float) -> bool:
    return False


def bound_all(conditions: Mapping[str, Condition], unit: UnitOfValues) -> dict[str, Bound]:
    """Return the conditions of each severity for values in a unit."""
    return {severity: unit.bound(condition) for severity, condition in conditions.items()}
