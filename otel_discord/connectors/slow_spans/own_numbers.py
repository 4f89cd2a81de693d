"""What the connector counts of itself."""

from typing import Final

from opentelemetry.metrics import Meter

from otel_discord.component.instrument_list import PREFIX
from otel_discord.component.instruments import counter

_WHAT: Final = ("trace", "span", "operation")


class OwnNumbers:
    """Of one connector."""

    def __init__(self, meter: Meter, connector: str) -> None:
        self._labels = {"connector": connector}
        self._records = counter(meter, f"{PREFIX}slow_spans_total")
        self._let_go = counter(meter, f"{PREFIX}slow_spans_let_go_total")
        self._counted = dict.fromkeys(_WHAT, 0)
        for what in _WHAT:
            self._let_go.add(0, {**self._labels, "what": what})
        for outcome in ("told", "lost"):
            self._records.add(0, {**self._labels, "outcome": outcome})

    def told(self, records: int) -> None:
        """Count records that were taken."""
        self._records.add(records, {**self._labels, "outcome": "told"})

    def lost(self, records: int) -> None:
        """Count records that nobody took."""
        self._records.add(records, {**self._labels, "outcome": "lost"})

    def let_go(self, what: str, total: int) -> None:
        """Count what was let go since the last call; ``total`` is all of it so far."""
        if total > self._counted[what]:
            self._let_go.add(total - self._counted[what], {**self._labels, "what": what})
        self._counted[what] = total
