"""Requests merged into one, and one split between its records. Pure; what comes in is never changed."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from google.protobuf.message import Message

from otel_discord.component.storage import Sizer
from otel_discord.signals import OTLP_SERVICES, Batch, Signal

# Request → resource → scope → record, span or metric; the points of a metric lie under its kind of data.
_LEVELS: Final = {
    Signal.LOGS: ("resource_logs", "scope_logs", "log_records"),
    Signal.METRICS: ("resource_metrics", "scope_metrics", "metrics"),
    Signal.TRACES: ("resource_spans", "scope_spans", "spans"),
}
_POINTS: Final = "data_points"
_FRAME_BYTES: Final = 6  # tag and longest length of a nested message


class Piece(NamedTuple):
    """A part of a request. ``size`` is in the unit asked for; of bytes it is the exact size of ``batch``."""

    batch: Batch
    size: int


def measure(batch: Batch, sizer: Sizer) -> int:
    """Return the size of a request in items or bytes."""
    return batch.size_bytes if sizer is Sizer.BYTES else batch.item_count


def merge(batches: Sequence[Batch]) -> Batch:
    """Return one request with all that the others hold, in order; all are of one signal, and there is one at least."""
    if len(batches) == 1:
        return batches[0]
    service = OTLP_SERVICES[batches[0].signal]
    request = service.request()
    for batch in batches:
        request.MergeFrom(batch.request)
    return service.batch(request)


def split(batch: Batch, sizer: Sizer, max_size: int, first_max_size: int | None = None) -> Sequence[Piece]:
    """Cut a request between records (data points, spans) into pieces of ``max_size`` at most, in order.

    The first piece may have another bound, and is empty if not even one record keeps it. A single record
    larger than ``max_size`` is a piece of its own: it never takes its neighbours with it.
    """
    limit = max_size if first_max_size is None else first_max_size
    size = measure(batch, sizer)
    if size <= limit:
        return [Piece(batch, size)]
    pieces: list[Piece] = []
    builder = _Builder(batch)
    for path, record in _records(batch):
        grown = builder.size_with(path, record, sizer)
        if grown > limit and (builder.records or limit < max_size):
            pieces.append(builder.finish(sizer))
            builder, limit = _Builder(batch), max_size
            grown = builder.size_with(path, record, sizer)
        builder.add(path, record, grown)
    pieces.append(builder.finish(sizer))
    return pieces


_Path = tuple[Message, ...]


def _records(batch: Batch) -> Iterator[tuple[_Path, Message]]:
    """Yield each record with what it lies in: resource, scope and, for data points, metric."""
    resources, scopes, records = _LEVELS[batch.signal]
    for resource in getattr(batch.request, resources):
        for scope in getattr(resource, scopes):
            for record in getattr(scope, records):
                if batch.signal is not Signal.METRICS:
                    yield (resource, scope), record
                    continue
                kind = record.WhichOneof("data")
                for point in getattr(record, kind).data_points if kind else ():
                    yield (resource, scope, record), point


class _Builder:
    """A piece in the making: the open resource, scope and metric are copied when their first record comes."""

    def __init__(self, source: Batch) -> None:
        self._service = OTLP_SERVICES[source.signal]
        self._levels = _LEVELS[source.signal]
        self._request = self._service.request()
        self._open: list[tuple[Message, Any]] = []  # what it was copied from, the copy
        self._size = 0
        self.records = 0

    def size_with(self, path: _Path, record: Message, sizer: Sizer) -> int:
        """Return the size with one more record; of bytes an upper bound."""
        if sizer is not Sizer.BYTES:
            return self.records + 1
        new = record.ByteSize() + _FRAME_BYTES
        for source in path[self._depth_in_common(path) :]:
            new += _frame(source).ByteSize() + 2 * _FRAME_BYTES
        return self._size + new

    def add(self, path: _Path, record: Message, size: int) -> None:
        """Append a copy of the record, in copies of what it lies in."""
        depth = self._depth_in_common(path)
        del self._open[depth:]
        parent: Any = self._open[-1][1] if self._open else self._request
        for level, source in enumerate(path[depth:], depth):
            parent = getattr(parent, self._levels[level]).add()
            parent.CopyFrom(_frame(source))
            self._open.append((source, parent))
        if len(path) == len(self._levels):  # a metric: its points lie one level deeper
            getattr(parent, parent.WhichOneof("data")).data_points.append(record)
        else:
            getattr(parent, self._levels[len(path)]).append(record)
        self._size = size
        self.records += 1

    def finish(self, sizer: Sizer) -> Piece:
        """Return what was built."""
        batch = self._service.batch(self._request)
        return Piece(batch, batch.size_bytes if sizer is Sizer.BYTES and self.records else self.records)

    def _depth_in_common(self, path: _Path) -> int:
        depth = 0
        for (source, _), wanted in zip(self._open, path, strict=False):
            if source is not wanted:
                break
            depth += 1
        return depth


def _frame(source: Message) -> Message:
    """Return a copy of a resource, scope or metric without its records."""
    frame = type(source)()
    contents = {name for levels in _LEVELS.values() for name in levels}
    for descriptor, value in source.ListFields():
        if descriptor.name in contents:
            continue
        target: Any = getattr(frame, descriptor.name, None)
        if not isinstance(value, Message):
            if hasattr(target, "extend"):
                target.extend(value)
            else:
                setattr(frame, descriptor.name, value)
        elif hasattr(value, _POINTS):
            target.SetInParent()
            for setting, what in value.ListFields():
                if setting.name != _POINTS:
                    setattr(target, setting.name, what)
        else:
            target.CopyFrom(value)
    return frame
