"""A measure: points in, one value for each group out, over a window that slides with time. Pure; time is an argument.

A point costs the same whether there are ten series or a hundred thousand. A series in a group of its own takes 1.4 kB
with five points a window and up to 3 kB with thirty or more; for percentiles its buckets, up to eleven times.
"""

import heapq
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from itertools import chain
from typing import Final

from opentelemetry.proto.metrics.v1.metrics_pb2 import DataPointFlags, Metric

from otel_discord.connectors.threshold.measures.aggregation import Aggregate
from otel_discord.connectors.threshold.measures.group import Group, Plan
from otel_discord.connectors.threshold.measures.increase import Before, Increase, alike, increase, share
from otel_discord.connectors.threshold.measures.kept import decoded, encoded, key_of
from otel_discord.connectors.threshold.measures.latest import Latest
from otel_discord.connectors.threshold.measures.observed import Flow, Observed, Point, observe
from otel_discord.connectors.threshold.measures.reading import Labels, Reading
from otel_discord.connectors.threshold.measures.stream import DUPLICATE, Stream, admit

_NO_VALUE: Final = DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
_FOLLOWING: Final = frozenset({Flow.ORDERED, Flow.CUMULATIVE, Flow.CHANGE})
_DIFFERING: Final = frozenset({Flow.CUMULATIVE, Flow.CHANGE})
_SLOT_NS: Final = 5_000_000_000
POINTS: Final = 120
"""Most of a group's history."""
POINTS_OF_MANY: Final = 30
MANY_GROUPS: Final = 10_000
"""With more of them each has :data:`POINTS_OF_MANY`."""
_RESTORED_FOR_NS: Final = 3_600_000_000_000


class Measure:
    """The values of all groups for one aggregation over one window.

    ``sum``, ``rate``, ``increase`` and ``count`` add up over the streams of a group; ``avg``, ``stddev`` and
    percentiles weigh all points in the window the same; ``min`` and ``max`` are over all of them; ``last`` is the sum
    of the latest values of sums and the highest of those of gauges, unless the aggregate says otherwise
    (``Aggregate.across``). Increases over a gap longer than the window count with the part that falls into it.
    """

    def __init__(self, *, aggregate: Aggregate, window_ns: int, max_series: int = 100_000) -> None:
        if window_ns <= 0 or max_series <= 0:
            raise ValueError("a measure needs a window and room for a series")
        self._plan = Plan(aggregate, window_ns)
        self._window_ns = window_ns
        self._max_series = max_series
        self._slot_ns = slot_ns(window_ns)
        self._streams: OrderedDict[Hashable, Stream] = OrderedDict()
        self._groups: dict[Hashable, Group] = {}
        self._touched: set[Group] = set()
        self._due: list[tuple[int, int, Group]] = []
        self._turn = 0
        self._restored: dict[str, Before] = {}
        self._restored_until_ns = 0
        self.evicted = 0
        """Streams let go for want of room, the one longest without a point first."""
        self.late = 0
        self.duplicates = 0
        self.resets = 0
        self.unusable = 0
        """Points that say nothing for this aggregation: no finite value, no such percentile, broken buckets."""

    def take(self, labels: Labels, stream: Hashable, metric: Metric, point: Point, now_ns: int) -> None:
        """Take in a point of a stream; it belongs to the group of its labels, from its first point on."""
        if point.flags & _NO_VALUE:
            self._ended(stream)
            return
        seen = observe(metric, point, self._plan.aggregate)
        if seen is None:
            self.unusable += 1
            return
        known = self._streams.get(stream)
        if known is None:
            known = self._begin(labels, stream, now_ns)
        else:
            self._streams.move_to_end(stream)
        raw_ns, oldest_ns = point.time_unix_nano, now_ns - self._window_ns
        at_ns = admit(known, raw_ns, now_ns, oldest_ns, ordered=seen.flow in _FOLLOWING)
        if at_ns < 0:
            if at_ns == DUPLICATE:
                self.duplicates += 1
            else:
                self.late += 1
            return
        start_ns = 0 if seen.flow is Flow.CHANGE else point.start_time_unix_nano
        self._count(known, seen, at_ns, raw_ns, start_ns, oldest_ns)

    def _count(self, stream: Stream, seen: Observed, at_ns: int, raw_ns: int, start_ns: int, oldest_ns: int) -> None:
        amount, begin_ns, part, quiet_ns, group = seen.value, at_ns, 1.0, 0, stream.group
        if seen.flow in _DIFFERING:
            added = self._added(stream, seen, at_ns, raw_ns, start_ns, oldest_ns)
            if added is None:
                amount = None
            else:
                amount, begin_ns, quiet_ns = added.amount, added.begin_ns, added.quiet_ns
                part = share(begin_ns, at_ns, self._window_ns)
        elif seen.flow is Flow.DELTA:
            begin_ns, part = self._covered(stream, at_ns, raw_ns, start_ns)
            if at_ns > stream.at_ns:  # else it came late, and what was before it is known as little as it was
                quiet_ns = begin_ns - stream.at_ns
        if amount is not None and at_ns > oldest_ns:
            group.add(self._plan, stream, seen, amount, part, (max(begin_ns, at_ns - self._window_ns), at_ns, quiet_ns))
        if at_ns >= stream.at_ns:
            stream.at_ns, stream.raw_ns, stream.start_ns = at_ns, raw_ns, start_ns
        group.last_ns = max(group.last_ns, at_ns)
        self._touched.add(group)

    def _added(
        self, stream: Stream, seen: Observed, at_ns: int, raw_ns: int, start_ns: int, oldest_ns: int
    ) -> Increase | None:
        before = stream.before()
        stream.total = seen.value
        if seen.flow is Flow.CHANGE:
            same = alike(before.total, seen.value)
            return Increase(seen.value - before.total, before.at_ns) if same else None
        added = increase(before, seen.value, at_ns, raw_ns, start_ns, oldest_ns)
        if added is not None and added.reset:
            self.resets += 1
        return added

    def _covered(self, stream: Stream, at_ns: int, raw_ns: int, start_ns: int) -> tuple[int, float]:
        """Return since when a delta counts, and its share; without a start it is one moment after the point before."""
        before_ns = stream.at_ns if stream.at_ns < at_ns else 0
        if not raw_ns or not 0 < start_ns < raw_ns:
            return before_ns or at_ns, 1.0
        begin_ns = max(start_ns - (raw_ns - at_ns), before_ns)
        return begin_ns, share(begin_ns, at_ns, self._window_ns)

    def _begin(self, labels: Labels, stream: Hashable, now_ns: int) -> Stream:
        self._plan.begin(now_ns)
        key: Hashable = labels
        try:
            group = self._groups.get(labels)
        except TypeError:  # a list among the values
            key = repr(labels)
            group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(labels, self._slot_ns)
        known = self._streams[stream] = Stream(group)
        group.streams += 1
        if self._restored and (before := self._restored.pop(key_of(stream), None)):
            known.at_ns, known.raw_ns, known.start_ns, known.total = before
        if len(self._streams) > self._max_series:
            _, oldest = self._streams.popitem(last=False)
            self.evicted += 1
            self._leave(oldest)
        return known

    def _ended(self, stream: Hashable) -> None:
        known = self._streams.get(stream)
        if known is not None and isinstance(known.group.store, Latest):
            known.group.store.drop(known)
            self._touched.add(known.group)

    def _leave(self, stream: Stream) -> None:
        group = stream.group
        group.streams -= 1
        if isinstance(group.store, Latest):
            group.store.drop(stream)
            self._touched.add(group)
        if not group.streams:
            self._remove(group)

    def _remove(self, group: Group) -> None:
        group.due_ns = 0
        self._touched.discard(group)
        try:
            self._groups.pop(group.labels, None)
        except TypeError:
            self._groups.pop(repr(group.labels), None)

    def forget(self, labels: Labels) -> None:
        """Let go a group with all its streams; it may come again."""
        for key in [key for key, stream in self._streams.items() if stream.group.labels == labels]:
            self._leave(self._streams.pop(key))

    def readings(self, now_ns: int) -> Iterator[Reading]:
        """Yield the reading of every group there is; those that cannot have changed are not calculated again."""
        for _ in self.changed(now_ns):
            pass
        yield from self.known()

    def known(self) -> Iterator[Reading]:
        """Yield the last reading of every group that there is now; points may come in meanwhile."""
        for group in list(self._groups.values()):
            if group.reading is not None:
                yield group.reading

    def changed(self, now_ns: int) -> Iterator[Reading]:
        """Yield the readings of groups that may have changed since the last call of this or ``readings``."""
        if self._restored and now_ns > (self._restored_until_ns or now_ns):
            self._restored = {}
        elif self._restored and not self._restored_until_ns:
            self._restored_until_ns = now_ns + _RESTORED_FOR_NS
        groups, self._touched = self._touched, set()
        for group in groups:
            if 0 < group.due_ns <= now_ns:
                group.due_ns = 0
            yield self._read(group, now_ns)
        while self._due and self._due[0][0] <= now_ns:
            due_ns, _, group = heapq.heappop(self._due)
            if group.due_ns == due_ns:
                group.due_ns = 0
                yield self._read(group, now_ns)

    def _read(self, group: Group, now_ns: int) -> Reading:
        oldest_ns = max(now_ns, group.last_ns) - self._window_ns
        value = group.value(self._plan.aggregate, oldest_ns)
        if value is not None and value != value:
            value = None
        if value is not None:
            many = len(self._groups) > MANY_GROUPS
            group.history.add(now_ns, value, POINTS_OF_MANY if many else POINTS)
        group.reading = Reading(group.labels, value, group.last_ns, group.history)
        next_ns = group.store.next_ns() if group.store is not None else None
        due_ns = next_ns + self._window_ns if next_ns is not None else 0
        if due_ns and not 0 < group.due_ns <= due_ns:  # looked at too early is no harm, and one entry a group is enough
            self._turn += 1
            heapq.heappush(self._due, (due_ns, self._turn, group))
            group.due_ns = due_ns
        return group.reading

    def to_bytes(self) -> bytes:
        """Return the newest totals of cumulative streams, and those restored and not yet met again."""
        return b"".join(self.slices())

    def slices(self) -> Iterator[bytes]:
        """Yield what :meth:`to_bytes` returns, in pieces, so that somebody else can have a turn between them.

        Which streams are in it is decided at the first piece; each has its totals of one moment, and no stream's
        depend on another's.
        """
        own = [(key, stream) for key, stream in self._streams.items() if stream.total is not None]
        waiting = list(self._restored.items())
        waiting = waiting[max(0, len(waiting) + len(own) - self._max_series) :]
        rows = chain(waiting, ((key_of(key), each.before()) for key, each in own[-self._max_series :]))
        yield from encoded(str(self._plan.aggregate), rows)

    def restore(self, data: bytes) -> None:
        """Go on from what ``to_bytes`` of an earlier run returned; before the first point. Raises ``ValueError``."""
        self._restored = dict(list(decoded(str(self._plan.aggregate), data).items())[-self._max_series :])


def slot_ns(window_ns: int) -> int:
    """Return how far apart points of a history are."""
    return max(window_ns // 15, _SLOT_NS)
