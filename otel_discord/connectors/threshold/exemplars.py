"""Traces that show what a rule measures: of each group the few worst of late. Bounded. Pure.

Nothing is kept for groups whose points have no exemplars.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from opentelemetry.proto.metrics.v1.metrics_pb2 import Exemplar

from otel_discord.connectors.threshold.book import Labels
from otel_discord.connectors.threshold.state import Worse
from otel_discord.signals.alert_event import MAX_EXEMPLARS

LEAST_KEPT_NS: Final = 300_000_000_000
"""Traces are kept as long as the window, and not shorter than this."""
_MOST_GROUPS: Final = 10_000
_ID_BYTES: Final = 16
_NO_ID: Final = bytes(_ID_BYTES)
_Kept = tuple[float, int, bytes]
"""How bad, when (ns), and the trace."""


class Exemplars:
    """Of one rule: at most five a group, of the ten thousand groups that had some last; about 1 kB each."""

    def __init__(self, worse: Worse, window_ns: int, most_groups: int = _MOST_GROUPS) -> None:
        self._worse = worse
        self._kept_ns = max(window_ns, LEAST_KEPT_NS)
        self._most_groups = most_groups
        self._by_group: OrderedDict[Labels, list[_Kept]] = OrderedDict()

    def take(self, labels: Labels, exemplars: Iterable[Exemplar], now_ns: int) -> None:
        """Take in those of a point; one without a trace says nothing."""
        kept = self._by_group.get(labels)
        for each in exemplars:
            trace_id = each.trace_id
            if len(trace_id) != _ID_BYTES or trace_id == _NO_ID:
                continue
            if kept is None:
                kept = self._begin(labels)
            at_ns = min(each.time_unix_nano or now_ns, now_ns)
            _keep(kept, (self._badness(each), at_ns, trace_id), now_ns - self._kept_ns)
        if kept is not None:
            self._by_group.move_to_end(labels)

    def of(self, labels: Labels, now_ns: int) -> tuple[str, ...]:
        """Return the traces of a group, the worst first and of equals the newest."""
        recent = [each for each in self._by_group.get(labels, ()) if each[1] > now_ns - self._kept_ns]
        return tuple(trace_id.hex() for _, _, trace_id in sorted(recent, reverse=True))

    def _begin(self, labels: Labels) -> list[_Kept]:
        kept = self._by_group[labels] = []
        if len(self._by_group) > self._most_groups:
            self._by_group.popitem(last=False)
        return kept

    def _badness(self, exemplar: Exemplar) -> float:
        value: float = exemplar.as_int if exemplar.WhichOneof("value") == "as_int" else exemplar.as_double
        if math.isnan(value):
            return -math.inf
        if self._worse is Worse.FARTHER_FROM_ZERO:
            return abs(value)
        return float(value if self._worse is Worse.GREATER else -value)


def _keep(kept: list[_Kept], new: _Kept, oldest_ns: int) -> None:
    """Put one in; where there are too many, what is too old leaves, and then what is least bad."""
    if new[1] <= oldest_ns:
        return
    same = next((place for place, each in enumerate(kept) if each[2] == new[2]), None)
    if same is not None:
        kept[same] = max(kept[same], new)
        return
    kept.append(new)
    if len(kept) > MAX_EXEMPLARS:
        kept.remove(min(kept, key=lambda each: (each[1] > oldest_ns, each)))
