"""The small objects by which components record the metrics of ``instrument_list``."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal, TypeAlias
from weakref import WeakKeyDictionary

from opentelemetry.metrics import CallbackOptions, Counter, Histogram, Meter, Observation, UpDownCounter

from otel_discord.component.instrument_list import FILTERED, INSTRUMENTS, ITEMS, PREFIX
from otel_discord.signals.batch import Signal

Labels: TypeAlias = Mapping[str, str]


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
