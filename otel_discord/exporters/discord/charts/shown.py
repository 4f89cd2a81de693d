"""The chart that a message shows of an alert, and whether it is worth another upload. Pure.

Each edit with a new picture is an upload, and each reader's client loads it anew: so not every value is drawn, but what
changes what there is to see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from otel_discord.exporters.discord.charts.points import Point, finite
from otel_discord.signals.alert_event import AlertEvent, AlertState

LEAST_GROWTH_NS: Final = 300 * 10**9
"""A chart that is longer than ten minutes is drawn again when it would be half as long again."""
LEAST_REST_NS: Final = 60 * 10**9
"""Between two drawings since values left the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChart:
    """A picture in Discord, and what it was drawn of."""

    name: str
    """Of the file; "" where it is not known whether there is one."""
    identity: str = ""
    is_over: bool = False
    severity: int = 0
    threshold: str = ""
    first_ns: int = 0
    last_ns: int = 0
    low: float = 0.0
    high: float = 0.0
    refused: bool = False
    """Discord does not take pictures of it."""

    @classmethod
    def of(cls, name: str, event: AlertEvent) -> "ShownChart":
        """Return the chart of an alert with its series, as it was drawn."""
        known = finite(event.series)
        values = [value for _, value in known] or [0.0]
        return cls(
            name=name,
            identity=event.identity,
            is_over=event.state is AlertState.RESOLVED,
            severity=event.severity_number,
            threshold=event.threshold,
            first_ns=known[0][0] if known else 0,
            last_ns=known[-1][0] if known else 0,
            low=min(values),
            high=max(values),
        )

    def is_outdated(self, event: AlertEvent) -> bool:
        """Return whether an alert, with its series as it is now, looks so different that it is to be drawn again."""
        is_over = event.state is AlertState.RESOLVED
        is_another = (self.identity, self.is_over) != (event.identity, is_over)
        if is_another or (self.severity, self.threshold) != (event.severity_number, event.threshold):
            return True
        known = finite(event.series)
        if is_over or not known:
            return False
        grown_ns = known[-1][0] - self.last_ns
        if grown_ns >= max(LEAST_GROWTH_NS, (self.last_ns - self.first_ns) // 2):
            return True
        return grown_ns >= LEAST_REST_NS and self._is_left_by(known)

    def _is_left_by(self, known: Sequence[Point]) -> bool:
        """Return whether values lie beyond the picture by more than half its height."""
        room = (self.high / 2 - self.low / 2) or abs(self.high) / 2 or 1.0
        return any(value - self.high > room or self.low - value > room for _, value in known)


UNKNOWN: Final = ShownChart(name="")
"""An earlier run has posted the message: there may be a picture, under any id."""
REFUSED: Final = ShownChart(name="", refused=True)
