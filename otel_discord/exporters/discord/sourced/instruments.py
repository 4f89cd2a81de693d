"""What is counted of destinations that a source names: all of them under one label, so that labels stay few.

Sums and histograms are of all of them. Of what is shown as it is now, the worst one counts: an open breaker of one, a
webhook of one that does not answer.
"""

from dataclasses import dataclass, field

from opentelemetry.metrics import Meter

from otel_discord.component.instruments_discord import BreakerState, DestinationInstruments, DiscordInstruments
from otel_discord.exporters.discord.sourced.names import LABEL, is_sourced


@dataclass(slots=True)
class _Now:
    """Of those that are there."""

    breakers: dict[str, BreakerState] = field(default_factory=dict)
    webhooks: dict[str, tuple[bool, float]] = field(default_factory=dict)


class LaneInstruments(DiscordInstruments):
    """Those of an exporter, whose own destinations are counted by their names."""

    def __init__(self, meter: Meter, exporter: str) -> None:
        super().__init__(meter, exporter)
        self._now = _Now()

    def destination(self, name: str) -> DestinationInstruments:
        """Return what is counted for a destination."""
        return _OfRun(self, name, self._now) if is_sourced(name) else super().destination(name)


class _OfRun(DestinationInstruments):
    def __init__(self, of: DiscordInstruments, name: str, now: _Now) -> None:
        super().__init__(of, LABEL)
        self._name = name
        self._now = now

    def breaker(self, state: BreakerState) -> None:
        self._now.breakers[self._name] = state
        self._show_breakers()

    def webhook_checked(self, *, up: bool, response_s: float) -> None:
        self._now.webhooks[self._name] = (up, response_s)
        self._show_webhooks()

    def close(self) -> None:
        self._now.breakers.pop(self._name, None)
        self._now.webhooks.pop(self._name, None)
        super().close()
        self._show_breakers()
        self._show_webhooks()

    def _show_breakers(self) -> None:
        if self._now.breakers:
            super().breaker(max(self._now.breakers.values()))

    def _show_webhooks(self) -> None:
        found = self._now.webhooks.values()
        if found:
            super().webhook_checked(up=all(up for up, _ in found), response_s=max(took_s for _, took_s in found))
