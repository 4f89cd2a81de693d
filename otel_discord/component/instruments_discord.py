"""The small objects by which the ``discord`` exporter records its metrics, by destination and of its dead letters."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import Final, Literal

from opentelemetry.metrics import Meter

from otel_discord.component.instrument_list import DESTINATION, INSTRUMENTS, PREFIX, InstrumentKind
from otel_discord.component.instruments import counter, gauge, histogram


class BreakerState(IntEnum):
    """Value of ``otel_discord_breaker_state``."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class DiscordInstruments:
    """What the ``discord`` exporter counts; :meth:`destination` gives the part of one destination."""

    def __init__(self, meter: Meter, exporter: str) -> None:
        self.exporter = exporter
        self.counters = {name: counter(meter, f"{PREFIX}{name}") for name in _OF_KIND[InstrumentKind.COUNTER]}
        self.histograms = {name: histogram(meter, f"{PREFIX}{name}") for name in _OF_KIND[InstrumentKind.HISTOGRAM]}
        self.gauges = {name: gauge(meter, f"{PREFIX}{name}") for name in _OF_KIND[InstrumentKind.GAUGE]}
        self._unknown_alert_ends = counter(meter, f"{PREFIX}unknown_alert_ends_total")

    def destination(self, name: str) -> "DestinationInstruments":
        """Return what is counted for a destination, under the name that the user gave it."""
        return DestinationInstruments(self, name)

    def unknown_alert_ends(self, records: int) -> None:
        """Count records that told the end of an alert which is shown nowhere."""
        self._unknown_alert_ends.add(records, {"exporter": self.exporter})


_OF_KIND: Final[Mapping[InstrumentKind, list[str]]] = {
    kind: [
        name.removeprefix(PREFIX)
        for name, spec in INSTRUMENTS.items()
        if spec.kind is kind and spec.labels[:2] == DESTINATION
    ]
    for kind in InstrumentKind
}


class DestinationInstruments:
    """What is counted for one destination. Durations are seconds, ``now_s`` is Unix time."""

    def __init__(self, of: DiscordInstruments, name: str) -> None:
        self._of = of
        self._labels = {"exporter": of.exporter, "destination": name}
        for counter_name, of_all in of.counters.items():
            if INSTRUMENTS[PREFIX + counter_name].labels == DESTINATION:
                of_all.add(0, self._labels)  # there from the start, so that a first one is seen as a rise

    def expect(self, *, reasons: Iterable[str], scopes: Iterable[str]) -> None:
        """Show zero for each way to fail and each kind of limit, so that a first one is seen as a rise."""
        for reason in reasons:
            self._add("messages_failed_total", 0, reason=reason)
        for scope in scopes:
            self._add("rate_limited_total", 0, scope=scope)

    def _add(self, name: str, amount: int = 1, **labels: str) -> None:
        self._of.counters[name].add(amount, {**self._labels, **labels} if labels else self._labels)

    def _record(self, name: str, value: float) -> None:
        self._of.histograms[name].record(value, self._labels)

    def batch_flushed(self) -> None:
        """Count a batch of cards handed on."""
        self._add("batches_flushed_total")

    def attempted(self, duration_s: float) -> None:
        """Record the time of one request, whatever its answer."""
        self._record("send_duration_seconds", duration_s)

    def message_sent(self, *, embeds: int, attempts: int) -> None:
        """Count a message that Discord has, or an edit."""
        self._add("messages_sent_total")
        self._record("batch_embeds", embeds)
        self._record("attempts_per_send", attempts)

    def message_failed(self, reason: str, *, attempts: int) -> None:
        """Count a message given up; ``reason`` is a fixed short word."""
        self._add("messages_failed_total", reason=reason)
        self._record("attempts_per_send", attempts)

    def dead_letters_written(self, letters: int) -> None:
        """Count dead letters that are kept."""
        self._add("dead_letters_written_total", letters)

    def rate_limited(self, scope: str, retry_after_s: float, now_s: float) -> None:
        """Count an answer 429; ``scope`` is Discord's word for whose limit it was."""
        self._add("rate_limited_total", scope=scope)
        self._of.gauges["last_429_timestamp_seconds"].set(now_s, self._labels)
        self._of.gauges["last_retry_after_seconds"].set(retry_after_s, self._labels)

    def waited(self, duration_s: float) -> None:
        """Record how long a message waited for permission to be sent."""
        self._record("rate_limit_wait_seconds", duration_s)

    def folded(self, records: int) -> None:
        """Count records that joined a card that was there."""
        self._add("folded_records_total", records)

    def muted(self, action: str, records: int) -> None:
        """Count records that a mute has held, dropped, or let come without a ping."""
        self._add("muted_records_total", records, action=action)

    def record_visible(self, age_s: float) -> None:
        """Record the time from a record's own time stamp until Discord had its message."""
        self._record("record_age_seconds", max(age_s, 0.0))

    def breaker(self, state: BreakerState) -> None:
        """Show the state of the circuit breaker."""
        self._of.gauges["breaker_state"].set(state, self._labels)

    def attachments_shed(self, files: int) -> None:
        """Count files left out to save memory."""
        self._add("attachments_shed_total", files)

    def possible_duplicate(self) -> None:
        """Count a message sent again although the first may have arrived."""
        self._add("possible_duplicates_total")

    def webhook_checked(self, *, up: bool, response_s: float) -> None:
        """Show what the last check of the webhook found."""
        self._of.gauges["webhook_up"].set(int(up), self._labels)
        self._of.gauges["webhook_response_seconds"].set(response_s, self._labels)

    def close(self) -> None:
        """Show no present values of this destination any more; its sums stay."""
        for of_destination in self._of.gauges.values():
            of_destination.forget(self._labels)


class DeadLetterInstruments:
    """What becomes of an exporter's dead letters once they are kept."""

    def __init__(self, meter: Meter, exporter: str) -> None:
        self._labels = {"exporter": exporter}
        self._kept = gauge(meter, f"{PREFIX}dead_letters")
        self._replayed = counter(meter, f"{PREFIX}dead_letters_replayed_total")
        self._purged = counter(meter, f"{PREFIX}dead_letters_purged_total")
        self._replayed.add(0, self._labels)
        for cause in ("bounds", "hand"):
            self._purged.add(0, {**self._labels, "cause": cause})

    def replayed(self, letters: int) -> None:
        """Count letters that became cards again."""
        self._replayed.add(letters, self._labels)

    def purged(self, letters: int, cause: Literal["bounds", "hand"]) -> None:
        """Count letters removed for good: by ``max_mib`` and ``retention``, or by somebody's hand."""
        self._purged.add(letters, {**self._labels, "cause": cause})

    @contextmanager
    def watch(self, kept: Callable[[], int]) -> Iterator[None]:
        """Show how many letters are kept, as long as the block runs."""
        with self._kept.watch(kept, self._labels):
            yield


class SharedDeadLetterInstruments(DeadLetterInstruments):
    """Of an exporter whose letters are in several places."""

    def __init__(self, meter: Meter, exporter: str) -> None:
        super().__init__(meter, exporter)
        self._places: list[Callable[[], int]] = []

    @contextmanager
    def watch(self, kept: Callable[[], int]) -> Iterator[None]:
        """Count in what is kept in one place, as long as the block runs."""
        self._places.append(kept)
        try:
            yield
        finally:
            self._places.remove(kept)

    @contextmanager
    def watch_all(self) -> Iterator[None]:
        """Show how many letters are kept in all places together, as long as the block runs."""
        with super().watch(lambda: sum(kept() for kept in list(self._places))):
            yield
