"""The points of one group in the window, in the form that its aggregation and kind of metric need."""

from typing import Any

from otel_discord.connectors.threshold.measures import rates, shapes, tables
from otel_discord.connectors.threshold.measures.aggregation import Across, Aggregate, Aggregation
from otel_discord.connectors.threshold.measures.latest import Latest
from otel_discord.connectors.threshold.measures.observed import Observed
from otel_discord.connectors.threshold.measures.raw_values import RawValues
from otel_discord.connectors.threshold.measures.reading import History, Labels, Reading
from otel_discord.connectors.threshold.measures.stream import Stream


class Group:
    """All streams with the same labels. Begins anew where the kind of its points changes."""

    __slots__ = ("due_ns", "history", "labels", "last_ns", "reading", "store", "streams")

    def __init__(self, labels: Labels, slot_ns: int) -> None:
        self.labels = labels
        self.last_ns = 0
        self.streams = 0
        self.store: tables.Table | shapes.Shapes | Latest | None = None
        self.history = History(slot_ns)
        self.reading: Reading | None = None
        self.due_ns = 0
        """When it is looked at again though nothing comes; 0 for never."""

    def add(self, plan: "Plan", stream: Stream, seen: Observed, amount: Any, part: float, times_ns: "Times") -> None:
        """Take in what a point says; ``part`` is the share of the amount that belongs to the window."""
        begin_ns, at_ns, quiet_ns = times_ns
        if seen.latest:
            if at_ns >= stream.at_ns:
                plan.latest(self, additive=seen.additive).add(stream, _mean(amount))
        elif isinstance(amount, (int, float, tuple)):
            count, number = plan.number(amount)
            if plan.aggregate.quantile is not None:
                plan.shapes(self).add(at_ns, RawValues((number,)))
            else:
                part = part if plan.dividing or isinstance(amount, tuple) else 1.0
                told = tables.Amount(at_ns, begin_ns, count * part, number * part, quiet_ns)
                stream.cell = plan.table(self).add(told, stream.cell)
        else:
            plan.shapes(self).add(at_ns, amount)

    def value(self, aggregate: Aggregate, oldest_ns: int) -> float | None:
        """Return the value of what is newer than ``oldest_ns``."""
        if self.store is None:
            return None
        if isinstance(self.store, shapes.Shapes):
            whole = self.store.merged(oldest_ns)
            return shapes.figure(whole, aggregate) if whole is not None else None
        return self.store.value(oldest_ns)


Times = tuple[int, int, int]
"""Begin and end of what a point covers, and how long before it nothing can have come, in ns."""


class Plan:
    """What all groups of a measure have in common."""

    def __init__(self, aggregate: Aggregate, window_ns: int) -> None:
        self.aggregate = aggregate
        self.window_ns = window_ns
        self._cell_ns = max(1, window_ns // tables.CELLS)
        self._shape_cell_ns = max(1, window_ns // shapes.CELLS)
        self.epoch_ns = 0
        self.dividing = aggregate.kind in (Aggregation.SUM, Aggregation.INCREASE, Aggregation.RATE)
        """Whether a part of an amount is a smaller amount; the highest of parts is not the part of the highest."""

    def number(self, amount: "float | tuple[float, float]") -> tuple[float, float]:
        """Return the count and the number that an amount stands for."""
        if isinstance(amount, tuple):
            kind = self.aggregate.kind
            return amount[0], amount[0] if kind in (Aggregation.RATE, Aggregation.INCREASE) else amount[1]
        return 1, amount

    def latest(self, group: Group, *, additive: bool) -> Latest:
        """Return the group's latest values."""
        if not isinstance(group.store, Latest):
            usual = Across.SUM if additive else Across.MAX
            group.store = Latest(self.aggregate.across or usual)
        return group.store

    def shapes(self, group: Group) -> shapes.Shapes:
        """Return the group's distributions."""
        if not isinstance(group.store, shapes.Shapes):
            group.store = shapes.Shapes(self._shape_cell_ns)
        return group.store

    def table(self, group: Group) -> tables.Table:
        """Return the group's table."""
        store = group.store
        if store is None or isinstance(store, (shapes.Shapes, Latest)):
            group.store = store = self._new_table()
        return store

    def _new_table(self) -> tables.Table:
        cell_ns, epoch_ns, kind = self._cell_ns, self.epoch_ns, self.aggregate.kind
        if kind is Aggregation.RATE:
            return rates.Rates(cell_ns, epoch_ns, self.window_ns)
        if kind is Aggregation.STDDEV:
            return tables.Moments(cell_ns, epoch_ns)
        if kind in (Aggregation.MIN, Aggregation.MAX):
            return tables.Extremes(cell_ns, epoch_ns, highest=kind is Aggregation.MAX)
        return tables.Totals(cell_ns, epoch_ns, kind)

    def begin(self, now_ns: int) -> None:
        """Fix the moment from which tables count their time: a whole number of cells before the first point."""
        if not self.epoch_ns:
            self.epoch_ns = max(1, (now_ns - self.window_ns) // self._cell_ns) * self._cell_ns


def _mean(amount: Any) -> float | None:
    if isinstance(amount, tuple):
        return amount[1] / amount[0] if amount[0] else None
    return float(amount)
