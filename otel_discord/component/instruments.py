"""The small objects by which components record the metrics of ``instrument_list``."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import Final, Literal, TypeAlias
from weakref import WeakKeyDictionary

from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, Observation, UpDownCounter

from otel_discord.component.instrument_list import DESTINATION, FILTERED, INSTRUMENTS, ITEMS, PREFIX, InstrumentKind
from otel_discord.signals.batch import Signal

Labels: TypeAlias = Mapping[str, str]


class BreakerState(IntEnum):
    """Value of ``otel_discord_breaker_state``."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


def counter(meter: Meter, name: str) -> Counter:
    """Create one of ``INSTRUMENTS``."""
    spec = INSTRUMENTS[name]
    return meter.create_counter(name, unit=spec.unit, description=spec.description)


def histogram(meter: Meter, name: str) -> Histogram:
    """Create one of ``INSTRUMENTS`` with its buckets."""
    spec = INSTRUMENTS[name]
    return meter.create_histogram(
        name, unit=spec.unit, description=spec.description, explicit_bucket_boundaries_advisory=spec.buckets
    )


def up_down_counter(meter: Meter, name: str) -> UpDownCounter:
    """Create one of ``INSTRUMENTS``."""
    spec = INSTRUMENTS[name]
    return meter.create_up_down_counter(name, unit=spec.unit, description=spec.description)


_LabelKey: TypeAlias = tuple[tuple[str, str], ...]


class Gauge:
    """A present value for each set of labels: stored, or read when somebody looks (maybe from another thread).

    One object for a meter and name, so that a component that is opened anew continues where it was.
    """

    def __init__(self, meter: Meter, name: str) -> None:
        spec = INSTRUMENTS[name]
        self._readings: dict[_LabelKey, Callable[[], float]] = {}
        meter.create_observable_gauge(name, [self._observe], unit=spec.unit, description=spec.description)

    def _observe(self, _: CallbackOptions) -> Iterable[Observation]:
        return [Observation(read(), dict(labels)) for labels, read in list(self._readings.items())]

    def set(self, value: float, labels: Labels) -> None:
        """Store the value."""
        self._readings[tuple(labels.items())] = lambda: value

    def forget(self, labels: Labels) -> None:
        """Show no value for these labels any more."""
        self._readings.pop(tuple(labels.items()), None)

    @contextmanager
    def watch(self, read: Callable[[], float], labels: Labels) -> Iterator[None]:
        """Show what ``read`` returns, as long as the block runs. It must be quick and change nothing."""
        key = tuple(labels.items())
        self._readings[key] = read
        try:
            yield
        finally:
            if self._readings.get(key) is read:
                del self._readings[key]


_gauges: Final[WeakKeyDictionary[Meter, dict[str, Gauge]]] = WeakKeyDictionary()


def gauge(meter: Meter, name: str) -> Gauge:
    """Return the gauge of that name, one of ``INSTRUMENTS``, created at the first call for a meter."""
    of_meter = _gauges.setdefault(meter, {})
    if name not in of_meter:
        of_meter[name] = Gauge(meter, name)
    return of_meter[name]


def _signal_counters(meter: Meter, prefix: str) -> Mapping[Signal, Counter]:
    return {signal: counter(meter, f"{prefix}_{items}") for signal, (items, _) in ITEMS.items()}


class ReceiverInstruments:
    """What a receiver counts for one transport (``grpc``, ``http``). Items are records, data points, spans."""

    def __init__(self, meter: Meter, receiver: str, transport: str) -> None:
        self._labels = {"receiver": receiver, "transport": transport}
        self._accepted = _signal_counters(meter, "otelcol_receiver_accepted")
        self._refused = _signal_counters(meter, "otelcol_receiver_refused")
        self._requests = counter(meter, "otelcol_receiver_requests")
        for sums in (self._accepted, self._refused):
            for of_signal in sums.values():
                of_signal.add(0, self._labels)  # there from the start, so that a first refusal is seen as a rise

    def accepted(self, signal: Signal, items: int) -> None:
        """Count items that the pipeline has taken."""
        self._accepted[signal].add(items, self._labels)

    def refused(self, signal: Signal, items: int) -> None:
        """Count items that the pipeline has not taken."""
        self._refused[signal].add(items, self._labels)

    def request(self, outcome: Literal["success", "refused", "failure"]) -> None:
        """Count a request that was answered."""
        self._requests.add(1, {**self._labels, "outcome": outcome})


class ProcessorInstruments:
    """What a processor counts that may refuse batches."""

    def __init__(self, meter: Meter, processor: str) -> None:
        self._labels = {"processor": processor}
        self._accepted = _signal_counters(meter, "otelcol_processor_accepted")
        self._refused = _signal_counters(meter, "otelcol_processor_refused")
        for sums in (self._accepted, self._refused):
            for of_signal in sums.values():
                of_signal.add(0, self._labels)  # there from the start, so that a first refusal is seen as a rise

    def accepted(self, signal: Signal, items: int) -> None:
        """Count items that are let through."""
        self._accepted[signal].add(items, self._labels)

    def refused(self, signal: Signal, items: int) -> None:
        """Count items that whoever sent them has to send again."""
        self._refused[signal].add(items, self._labels)


class FilterInstruments:
    """What a filter counts."""

    def __init__(self, meter: Meter, processor: str, signal: Signal) -> None:
        self._labels = {"filter": processor}
        self._filtered = counter(meter, FILTERED[signal])
        self._filtered.add(0, self._labels)  # there from the start, so that a first drop is seen as a rise

    def filtered(self, items: int) -> None:
        """Count items that are dropped."""
        self._filtered.add(items, self._labels)


class ExporterInstruments:
    """What every exporter counts, whatever it sends to."""

    def __init__(self, meter: Meter, exporter: str) -> None:
        self._labels = {"exporter": exporter}
        self._by_signal = {signal: {"exporter": exporter, "data_type": signal.value} for signal in Signal}
        self._sent = _signal_counters(meter, "otelcol_exporter_sent")
        self._send_failed = _signal_counters(meter, "otelcol_exporter_send_failed")
        self._enqueue_failed = _signal_counters(meter, "otelcol_exporter_enqueue_failed")
        self._in_flight = up_down_counter(meter, "otelcol_exporter_in_flight_requests")
        self._queue_size = gauge(meter, "otelcol_exporter_queue_size")
        self._queue_capacity = gauge(meter, "otelcol_exporter_queue_capacity")

    def sent(self, signal: Signal, items: int) -> None:
        """Count items that have arrived."""
        self._sent[signal].add(items, self._labels)

    def send_failed(self, signal: Signal, items: int) -> None:
        """Count items that could not be delivered."""
        self._send_failed[signal].add(items, self._labels)

    def enqueue_failed(self, signal: Signal, items: int) -> None:
        """Count items that found no room in the queue."""
        self._enqueue_failed[signal].add(items, self._labels)

    @contextmanager
    def in_flight(self, signal: Signal) -> Iterator[None]:
        """Count a batch as in flight, from the queue to its end, as long as the block runs."""
        labels = self._by_signal[signal]
        self._in_flight.add(1, labels)
        try:
            yield
        finally:
            self._in_flight.add(-1, labels)

    @contextmanager
    def watch_queue(self, signal: Signal, size: Callable[[], int], capacity: Callable[[], int]) -> Iterator[None]:
        """Show the queue's size and capacity, as long as the block runs; both are read when somebody looks."""
        labels = self._by_signal[signal]
        for sums in (self._sent, self._send_failed, self._enqueue_failed):
            sums[signal].add(0, self._labels)  # there from the start, so that a first failure is seen as a rise
        with self._queue_size.watch(size, labels), self._queue_capacity.watch(capacity, labels):
            yield


class SpoolInstruments:
    """What an exporter in a fleet counts of what waits on this machine's disk."""

    def __init__(self, meter: Meter, exporter: str) -> None:
        self._labels = {signal: {"exporter": exporter, "data_type": signal.value} for signal in Signal}
        self._spooled = counter(meter, f"{PREFIX}spooled_records_total")
        self._waiting = gauge(meter, f"{PREFIX}spool_records")

    def spooled(self, signal: Signal, items: int) -> None:
        """Count items that are kept there."""
        self._spooled.add(items, self._labels[signal])

    @contextmanager
    def watch(self, signal: Signal, waiting: Callable[[], int]) -> Iterator[None]:
        """Show how many items wait, as long as the block runs."""
        self._spooled.add(0, self._labels[signal])  # there from the start, so that a first one is seen as a rise
        with self._waiting.watch(waiting, self._labels[signal]):
            yield


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


class ServiceInstruments:
    """What the service itself shows."""

    def __init__(self, meter: Meter) -> None:
        self._reload = gauge(meter, f"{PREFIX}config_last_reload_successful")

    def reloaded(self, *, successful: bool) -> None:
        """Show whether the last load of the configuration was taken over."""
        self._reload.set(int(successful), {})


class StorageInstruments:
    """What a storage on disk counts; may be called from any thread."""

    def __init__(self, meter: Meter, extension: str) -> None:
        self._labels = {"extension": extension}
        self._duration = histogram(meter, f"{PREFIX}storage_commit_duration_seconds")
        self._works = histogram(meter, f"{PREFIX}storage_works_per_commit")
        self._refused = counter(meter, f"{PREFIX}storage_refused_total")
        self._damaged_files = counter(meter, f"{PREFIX}storage_damaged_files_total")
        self._damaged_rows = counter(meter, f"{PREFIX}storage_damaged_rows_total")
        self._size = gauge(meter, f"{PREFIX}storage_size_bytes")
        self._free = gauge(meter, f"{PREFIX}storage_free_bytes")
        self._snapshot = gauge(meter, f"{PREFIX}storage_oldest_snapshot_seconds")
        for sums in (self._damaged_files, self._damaged_rows):
            sums.add(0, self._labels)  # there from the start, so that a first one is seen as a rise
        for reason in ("disk_full", "storage_failed"):
            self._refused.add(0, {**self._labels, "reason": reason})

    def committed(self, duration_s: float, works: int) -> None:
        """Record a commit and how many works it carried."""
        self._duration.record(duration_s, self._labels)
        self._works.record(works, self._labels)

    def refused(self, reason: str) -> None:
        """Count a work that could not be stored; ``reason`` is a fixed short word."""
        self._refused.add(1, {**self._labels, "reason": reason})

    def damaged_file(self, lost_rows: int) -> None:
        """Count a damaged file that was set aside, and the rows of it that could not be saved."""
        self._damaged_files.add(1, self._labels)
        self.damaged_rows(lost_rows)

    def damaged_rows(self, rows: int) -> None:
        """Count rows whose checksum does not hold."""
        self._damaged_rows.add(rows, self._labels)

    @contextmanager
    def watch(self, size_bytes: Callable[[], int], free_bytes: Callable[[], int]) -> Iterator[None]:
        """Show how much room is taken and free, as long as the block runs."""
        with self._size.watch(size_bytes, self._labels), self._free.watch(free_bytes, self._labels):
            yield

    @contextmanager
    def watch_snapshots(self, oldest_s: Callable[[], float]) -> Iterator[None]:
        """Show for how long the oldest transaction on a database has been open, as long as the block runs."""
        with self._snapshot.watch(oldest_s, self._labels):
            yield
