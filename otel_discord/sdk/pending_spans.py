"""Spans that wait for the sender: bounded in number and bytes. When it is full, those without a failure go first.

Pure and not thread-safe: its owner holds a lock.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.sdk.freeze import value_weight

_SPAN_BYTES: Final = 1200
_EVENT_BYTES: Final = 400
_PAIR_BYTES: Final = 100
_STATUS_ERROR: Final = "ERROR"


@dataclass(frozen=True, slots=True)
class SpanLosses:
    """What had to give way since it was last asked for."""

    total: int
    failed: int
    """Of these with status ERROR."""
    since_ns: int
    until_ns: int
    """When the first and the last of those that failed began and ended; 0 if none did."""


@dataclass(slots=True)
class _Entry:
    number: int
    size_bytes: int
    span: Any
    is_error: bool


class PendingSpans:
    """``ReadableSpan`` of the SDK, in the order in which they ended."""

    unit: Final = "spans"

    def __init__(self, max_spans: int, max_bytes: int) -> None:
        self._max_spans = max_spans
        self._max_bytes = max_bytes
        self._plain: deque[_Entry] = deque()
        self._failed: deque[_Entry] = deque()
        """With status ERROR, or with events, of which an exception may be one."""
        self._size_bytes = 0
        self._number = 0
        self._lost = 0
        self._lost_failed = 0
        self._lost_since_ns = 0
        self._lost_until_ns = 0

    def __len__(self) -> int:
        """How many spans wait."""
        return len(self._plain) + len(self._failed)

    @property
    def size_bytes(self) -> int:
        """About how many bytes wait."""
        return self._size_bytes

    def put(self, span: Any) -> None:
        """Let a span wait; when full, in the place of the oldest that has not failed, else of the oldest."""
        is_error = span.status.status_code.name == _STATUS_ERROR
        has_failed = is_error or bool(span.events)
        size = _size_of(span)
        entry = _Entry(self._number, size, span, is_error)
        if size > self._max_bytes:
            self._lose(entry)
            return
        while len(self) and (len(self) >= self._max_spans or self._size_bytes + size > self._max_bytes):
            if not self._plain and not has_failed:
                self._lose(entry)
                return
            gone = (self._plain or self._failed).popleft()
            self._size_bytes -= gone.size_bytes
            self._lose(gone)
        self._number += 1
        (self._failed if has_failed else self._plain).append(entry)
        self._size_bytes += size

    def _lose(self, entry: _Entry) -> None:
        self._lost += 1
        if entry.is_error:
            start_ns, end_ns = entry.span.start_time or 0, entry.span.end_time or 0
            self._lost_since_ns = min(self._lost_since_ns, start_ns) if self._lost_failed else start_ns
            self._lost_until_ns = max(self._lost_until_ns, end_ns)
            self._lost_failed += 1

    def take(self, most: int) -> list[Any]:
        """Remove and return at most so many spans, in the order in which they came."""
        taken: list[Any] = []
        while len(taken) < most:
            waiting = [each for each in (self._plain, self._failed) if each]
            if not waiting:
                break
            entry = min(waiting, key=_first_number).popleft()
            self._size_bytes -= entry.size_bytes
            taken.append(entry.span)
        return taken

    def take_losses(self) -> SpanLosses | None:
        """Return what was lost since the last call; None if nothing was."""
        if not self._lost:
            return None
        losses = SpanLosses(self._lost, self._lost_failed, self._lost_since_ns, self._lost_until_ns)
        self._lost = self._lost_failed = self._lost_since_ns = self._lost_until_ns = 0
        return losses

    def let_go(self) -> int:
        """Forget all; return how many."""
        count = len(self)
        self._plain.clear()
        self._failed.clear()
        self._size_bytes = 0
        return count

    def mended(self) -> "PendingSpans":
        """Return the same in order, after an exception has left a change half done."""
        made = PendingSpans(self._max_spans, self._max_bytes)
        made._lost, made._lost_failed = self._lost, self._lost_failed
        made._lost_since_ns, made._lost_until_ns = self._lost_since_ns, self._lost_until_ns
        for entry in sorted((*self._plain, *self._failed), key=lambda each: each.number):
            made.put(entry.span)
        return made


def _first_number(entries: deque[_Entry]) -> int:
    return entries[0].number


def _size_of(span: Any) -> int:
    """Estimate what a span takes up, with its texts."""
    total = _SPAN_BYTES + _size_of_attributes(span.attributes) + _EVENT_BYTES * len(span.links)
    for event in span.events:
        total += _EVENT_BYTES + _size_of_attributes(event.attributes)
    return total


def _size_of_attributes(attributes: Any) -> int:
    if not attributes:
        return 0
    return sum(_PAIR_BYTES + len(key) + value_weight(value) for key, value in attributes.items())
