"""What was told lately, so that one error which passes through many spans is told once. Bounded and timed. Pure.

An exception that is handed up is written on each span that it passes; a span that failed because a span below failed
says no more than that one. Both are known by the trace: the same type and message were told, or the span is the parent
of one that was. A span that failed without a word, as a request that was answered with 500, is the child of one with an
exception that says it.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

from otel_discord.connectors.exceptions.failures import Failure
from otel_discord.signals import trace_id_hex


@dataclass(slots=True)
class Told:
    """Digests with the time until which they count, the oldest first. ``let_go`` counts those forgotten too early."""

    window_s: float
    max_entries: int
    let_go: int = 0
    _until_s: OrderedDict[bytes, float] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._until_s)

    def new_ones(self, failures: Iterable[Failure], now_s: float) -> tuple[list[Failure], list[bytes]]:
        """Return what is to be told, and what was noted for it: give that to :meth:`forget` if nobody takes it."""
        self._expire(now_s)
        new: list[Failure] = []
        noted: list[bytes] = []
        for failure in failures:
            if self.window_s <= 0 or not trace_id_hex(failure.item.span.trace_id):
                new.append(failure)
                continue
            marks = _marks(failure)
            if not any(each in self._until_s for each in marks.known_by):
                new.append(failure)
            for each in marks.left:
                if each not in self._until_s:
                    self._until_s[each] = now_s + self.window_s
                    noted.append(each)
        while len(self._until_s) > self.max_entries:
            self._until_s.popitem(last=False)
            self.let_go += 1
        return new, noted

    def forget(self, noted: Iterable[bytes]) -> None:
        """Take back what :meth:`new_ones` has noted."""
        for each in noted:
            self._until_s.pop(each, None)

    def _expire(self, now_s: float) -> None:
        while self._until_s:
            first = next(iter(self._until_s))
            if self._until_s[first] > now_s:
                return
            del self._until_s[first]


@dataclass(frozen=True, slots=True)
class _Marks:
    """Digests that say that a failure was told, and those that it leaves for others."""

    known_by: tuple[bytes, ...]
    left: tuple[bytes, ...]


def _marks(failure: Failure) -> _Marks:
    trace_id, span = failure.item.span.trace_id, failure.item.span
    own = b"" if failure.type or failure.message else span.span_id  # nothing to compare: only itself is the same
    what = _digest(b"what", trace_id, own, failure.type, failure.message)
    above = _digest(b"below", trace_id, span.parent_span_id)
    said = tuple(_digest(b"said", trace_id, words) for words in _wordings(failure))
    if failure.event is not None:
        raised = _digest(b"raised", trace_id, span.span_id)
        return _Marks((what,), (what, above, raised, *said))
    if failure.message:
        return _Marks((what, *said), (what, above, *said))
    here = _digest(b"below", trace_id, span.span_id)
    parent = (_digest(b"raised", trace_id, span.parent_span_id),) if failure.has_no_words else ()
    return _Marks((what, here, *parent), (what, above))


def _wordings(failure: Failure) -> Iterable[str]:
    """Return how an exception is written into the status of a span; SDKs differ."""
    if not failure.message:
        return ()
    if failure.event is None or not failure.type:
        return (failure.message,)
    short = failure.type.rpartition(".")[2]
    return dict.fromkeys((failure.message, f"{failure.type}: {failure.message}", f"{short}: {failure.message}"))


def _digest(*parts: bytes | str) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        data = part.encode(errors="replace") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.digest()
