"""What is usual for each operation, learned from its spans. Bounded: the one unused for longest is let go. Pure."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from otel_discord.connectors.slow_spans.sketch import Sketch

_RECKON_EVERY: Final = 50
"""A percentile is reckoned anew after so many spans, or after each fiftieth part of those seen, if that is less."""
_LEAST_HALF_LIFE_SPANS: Final = 100


class Operation(NamedTuple):
    """What is compared with itself: spans of this name and kind, of this service."""

    service: str
    name: str
    kind: int


class Usual(NamedTuple):
    """How long an operation usually takes: the percentile, and of how many spans."""

    duration_s: float
    spans: int


@dataclass(slots=True)
class _Known:
    sketch: Sketch
    usual_s: float = 0.0
    reckon_at: int = 0


@dataclass(slots=True)
class Operations:
    """At most ``max_operations`` of them; ``let_go`` counts those that were forgotten for others."""

    max_operations: int
    percentile: float
    """Above 0, at most 100."""
    half_life_s: float
    min_spans: int
    """An operation of which fewer were seen is not known."""
    let_go: int = 0
    _known: OrderedDict[Operation, _Known] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return len(self._known)

    def usual(self, operation: Operation) -> Usual:
        """Return what was usual so far; 0 spans where it is not known."""
        known = self._known.get(operation)
        if known is None or known.sketch.seen < self.min_spans:
            return Usual(0.0, 0)
        seen = known.sketch.seen
        if seen >= known.reckon_at:
            known.usual_s = known.sketch.quantile(self.percentile / 100)
            known.reckon_at = seen + min(_RECKON_EVERY, 1 + seen // _RECKON_EVERY)
        return Usual(known.usual_s, seen)

    def learn(self, operation: Operation, duration_s: float, now_s: float) -> None:
        """Count a span."""
        known = self._known.get(operation)
        if known is None:
            known = self._known[operation] = _Known(Sketch(self.half_life_s, self._half_life_spans))
            self._let_go()
        else:
            self._known.move_to_end(operation)
        known.sketch.add(duration_s, now_s)

    def go_on_from(self, before: "Operations") -> None:
        """Take what was learned with other settings."""
        self._known = before.known_so_far()
        for known in self._known.values():
            known.sketch.half_life_s, known.sketch.half_life_spans = self.half_life_s, self._half_life_spans
            known.reckon_at = 0
        self._let_go()

    def learned(self) -> list[tuple[Operation, Sketch]]:
        """Return what was learned, the operation unused for longest first."""
        return [(operation, known.sketch) for operation, known in self._known.items()]

    def take_in(self, learned: Iterable[tuple[Operation, Sketch]]) -> None:
        """Take what an earlier run has learned, in any order, in place of what is known of these operations."""
        for operation, sketch in sorted(learned, key=lambda each: each[1].last_s):
            sketch.half_life_s, sketch.half_life_spans = self.half_life_s, self._half_life_spans
            self._known[operation] = _Known(sketch)
        self._let_go()

    def known_so_far(self) -> OrderedDict[Operation, "_Known"]:
        """Return what was learned, for :meth:`go_on_from`."""
        return self._known

    @property
    def _half_life_spans(self) -> int:
        return max(_LEAST_HALF_LIFE_SPANS, self.min_spans)

    def _let_go(self) -> None:
        while len(self._known) > self.max_operations:
            self._known.popitem(last=False)
            self.let_go += 1
