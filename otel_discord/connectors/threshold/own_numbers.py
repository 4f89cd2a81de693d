"""What the connector shows of itself."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from opentelemetry.metrics import Meter

from otel_discord.component.instrument_list import PREFIX
from otel_discord.component.instruments import counter, gauge, histogram
from otel_discord.connectors.threshold.book import Book
from otel_discord.connectors.threshold.rules import Rule

_OUTCOMES: Final = {
    "evicted": "evicted",
    "late": "late",
    "duplicates": "duplicate",
    "resets": "reset",
    "unusable": "unusable",
}
"""Of a measure's own counts: what they are called as values of the label ``what``."""


class OwnNumbers:
    """Of one connector."""

    def __init__(self, meter: Meter, connector: str, rules: Sequence[Rule], book: Book) -> None:
        self._labels = {"connector": connector}
        self._measures = [measure for rule in rules for _, measure in rule.measures]
        self._book = book
        self._evaluations = counter(meter, f"{PREFIX}threshold_evaluations_total")
        self._lag = histogram(meter, f"{PREFIX}threshold_evaluation_lag_seconds")
        self._points = counter(meter, f"{PREFIX}threshold_points_total")
        self._refused = counter(meter, f"{PREFIX}threshold_alerts_refused_total")
        self._alerts = gauge(meter, f"{PREFIX}threshold_alerts")
        self._counts = book.counts()
        self._counted = dict.fromkeys(_OUTCOMES, 0)
        self._counted_refused = 0
        self._evaluations.add(0, self._labels)
        self._refused.add(0, self._labels)
        for word in _OUTCOMES.values():
            self._points.add(0, {**self._labels, "what": word})

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show how many alerts are in which state, as long as the block runs."""
        with ExitStack() as stack:
            for state in ("pending", "firing", "muted"):
                stack.enter_context(self._alerts.watch(self._reader(state), {**self._labels, "state": state}))
            yield

    def evaluated(self, lag_s: float) -> None:
        """Count an evaluation that ended so long after it was due, and what measures have met since the last."""
        self._evaluations.add(1, self._labels)
        self._lag.record(max(0.0, lag_s), self._labels)
        for attribute, word in _OUTCOMES.items():
            count = sum(getattr(measure, attribute) for measure in self._measures)
            if count > self._counted[attribute]:
                self._points.add(count - self._counted[attribute], {**self._labels, "what": word})
            self._counted[attribute] = count
        if self._book.refused > self._counted_refused:
            self._refused.add(self._book.refused - self._counted_refused, self._labels)
        self._counted_refused = self._book.refused
        self._counts = self._book.counts()

    def _reader(self, state: str) -> Callable[[], float]:
        return lambda: self._counts[state]  # of the last evaluation: who looks may be another thread
