"""Numbers a second, from counters that are looked at now and then. Pure: ``now_s`` is loop time."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from otel_discord.component.service_view import Reading

WINDOW_S: Final = 10.0
"""Rates are means over about so long: long enough to be calm, short enough to be live."""
KEPT_POINTS: Final = 60

Series: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Sample:
    """All readings of one moment."""

    at_s: float
    values: Mapping[Series, float]


@dataclass(slots=True)
class RateMeter:
    """Remembers the readings of the last seconds. A series that is new counts from 0, one that begins anew too."""

    _samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=KEPT_POINTS))
    _trends: dict[str, deque[float]] = field(default_factory=dict)

    def add(self, readings: Sequence[Reading], now_s: float) -> None:
        """Take a look."""
        values = {(each.name, tuple(sorted(each.labels.items()))): each.value for each in readings}
        self._samples.append(Sample(now_s, values))

    def per_second(self, name: str, labels: Mapping[str, str] | None = None) -> float | None:
        """Return the rate of all series of that name with these labels; None before two looks."""
        if len(self._samples) < 2:
            return None
        last = self._samples[-1]
        first = next(each for each in self._samples if each.at_s >= last.at_s - WINDOW_S)
        if first is last:
            first = self._samples[-2]
        wanted = (labels or {}).items()
        grown = 0.0
        for series, value in last.values.items():
            if series[0] == name and wanted <= dict(series[1]).items():
                before = first.values.get(series, 0.0)
                grown += value - before if value >= before else value
        return grown / max(last.at_s - first.at_s, 0.001)

    def trend(self, name: str, value: float | None) -> Sequence[float]:
        """Note a figure under a name; return it with those before, oldest first."""
        points = self._trends.setdefault(name, deque(maxlen=KEPT_POINTS))
        if value is not None:
            points.append(value)
        return tuple(points)

    def trend_of(self, name: str) -> Sequence[float]:
        """Return the figures noted under a name."""
        return tuple(self._trends.get(name, ()))
