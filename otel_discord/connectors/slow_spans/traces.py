"""Spans that wait for the rest of their trace. Bounded in traces, spans of a trace, spans in all, and time. Pure.

Children end before their parents, so the spans of every trace are kept for a while, slow or not. From the first slow
span of a trace on, it waits once more, for what comes from other services; then it is told. What is told is remembered
as long as the trace is kept: spans that come later say nothing twice.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from otel_discord.connectors.slow_spans.path import Note

SlowT = TypeVar("SlowT")


@dataclass(slots=True)
class Trace(Generic[SlowT]):
    """What came of a trace. ``slow`` has by span id what the caller wants to keep of slow spans not told yet."""

    trace_id: bytes
    notes: dict[bytes, Note] = field(default_factory=dict)
    slow: dict[bytes, SlowT] = field(default_factory=dict)
    told: set[bytes] = field(default_factory=set)
    kept_until_s: float = 0.0
    spans_left_out: int = 0


@dataclass(slots=True)
class Traces(Generic[SlowT]):
    """The traces, the one that nothing came of for longest first. Times are seconds of a monotonic clock."""

    wait_s: float
    keep_s: float
    max_traces: int
    max_spans_per_trace: int
    max_spans: int
    traces_let_go: int = 0
    """Traces that were let go for others before their time."""
    spans_left_out: int = 0
    """Spans that were let go because their trace had too many."""
    span_count: int = 0
    _traces: OrderedDict[bytes, Trace[SlowT]] = field(default_factory=OrderedDict)
    _due_s: OrderedDict[bytes, float] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._traces)

    def add(self, trace_id: bytes, note: Note, slow: SlowT | None, now_s: float) -> list[Trace[SlowT]]:
        """Keep a span; return traces that have to be told now, because there is no room for them any more."""
        trace = self._traces.get(trace_id)
        if trace is None:
            trace = self._traces[trace_id] = Trace(trace_id)
        else:
            self._traces.move_to_end(trace_id)
        trace.kept_until_s = now_s + self.keep_s
        known = trace.notes.get(note.span_id)
        if known is None or (note.end_ns, note) > (known.end_ns, known):
            trace.notes[note.span_id] = note
            self.span_count += known is None
        if slow is not None and note.span_id not in trace.told:
            trace.slow[note.span_id] = slow
            self._due_s.setdefault(trace_id, now_s + self.wait_s)
        if len(trace.notes) > self.max_spans_per_trace:
            self._thin_out(trace)
        return self._make_room()

    def next_due_s(self) -> float | None:
        """Return when the next trace is to be told; None where none waits."""
        return next(iter(self._due_s.values()), None)

    def due(self, now_s: float) -> list[Trace[SlowT]]:
        """Return the traces that have waited long enough, each once; and forget those that were kept long enough."""
        found: list[Trace[SlowT]] = []
        while self._due_s and next(iter(self._due_s.values())) <= now_s:
            trace_id, _ = self._due_s.popitem(last=False)
            found.append(self._traces[trace_id])
        self._forget(now_s)
        return found

    def all_due(self) -> list[Trace[SlowT]]:
        """Return every trace that waits to be told, as at the end."""
        found = [self._traces[trace_id] for trace_id in self._due_s]
        self._due_s.clear()
        return found

    def _forget(self, now_s: float) -> None:
        while self._traces:
            first = next(iter(self._traces.values()))
            if first.kept_until_s > now_s or first.trace_id in self._due_s:
                return
            self._remove_oldest()

    def _thin_out(self, trace: Trace[SlowT]) -> None:
        """Drop the shortest spans of a trace, an eighth of what it may have at once; what is to be told goes last."""
        shortest_first = sorted(trace.notes, key=lambda each: (each in trace.slow, trace.notes[each].duration_ns, each))
        dropped = shortest_first[: len(trace.notes) - self.max_spans_per_trace + self.max_spans_per_trace // 8]
        for span_id in dropped:
            del trace.notes[span_id]
            trace.slow.pop(span_id, None)
            trace.told.discard(span_id)
        trace.spans_left_out += len(dropped)
        self.spans_left_out += len(dropped)
        self.span_count -= len(dropped)

    def _make_room(self) -> list[Trace[SlowT]]:
        found = []
        while len(self._traces) > self.max_traces or (self.span_count > self.max_spans and len(self._traces) > 1):
            self.traces_let_go += 1
            oldest = self._remove_oldest()
            if self._due_s.pop(oldest.trace_id, None) is not None:
                found.append(oldest)
        return found

    def _remove_oldest(self) -> Trace[SlowT]:
        _, trace = self._traces.popitem(last=False)
        self.span_count -= len(trace.notes)
        return trace
