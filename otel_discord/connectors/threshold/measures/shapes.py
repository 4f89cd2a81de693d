"""A window of distributions: a tenth of the window a cell, merged exactly when it is read."""

import math
from typing import Final, TypeAlias

from otel_discord.connectors.threshold.measures.aggregation import Aggregate, Aggregation
from otel_discord.connectors.threshold.measures.explicit import Explicit
from otel_discord.connectors.threshold.measures.exponential import Exponential
from otel_discord.connectors.threshold.measures.raw_values import RawValues
from otel_discord.connectors.threshold.measures.tables import merged

Shape: TypeAlias = Explicit | Exponential | RawValues
CELLS: Final = 10


class Shapes:
    """Distributions of one kind over time. A group that changes its kind begins anew."""

    __slots__ = ("_cell_ns", "_cells")

    def __init__(self, cell_ns: int) -> None:
        self._cell_ns = cell_ns
        self._cells: list[tuple[int, Shape]] = []  # time of the newest point, and all of that cell

    def add(self, at_ns: int, shape: Shape) -> None:
        """Add a distribution."""
        cells = self._cells
        if cells and isinstance(cells[-1][1], Explicit) != isinstance(shape, Explicit):
            cells.clear()
        index, cell = len(cells), at_ns // self._cell_ns
        while index and cells[index - 1][0] // self._cell_ns > cell:
            index -= 1
        if index and cells[index - 1][0] // self._cell_ns == cell:
            newest_ns, known = cells[index - 1]
            cells[index - 1] = (max(newest_ns, at_ns), together(known, shape))
        else:
            cells.insert(index, (at_ns, shape))

    def merged(self, oldest_ns: int) -> Shape | None:
        """Let go what is not newer than ``oldest_ns``; return the rest as one, None where nothing is left."""
        cells = self._cells
        gone = 0
        while gone < len(cells) and cells[gone][0] <= oldest_ns:
            gone += 1
        if gone:
            del cells[:gone]
        whole: Shape | None = None
        for _, shape in cells:
            whole = shape if whole is None else together(whole, shape)
        return whole

    def next_ns(self) -> int | None:
        """Return the time of the oldest cell."""
        return self._cells[0][0] if self._cells else None


def together(one: Shape, two: Shape) -> Shape:
    """Return both as one, which is the same either way round."""
    if isinstance(one, Explicit) and isinstance(two, Explicit):
        return one.plus(two)
    if isinstance(one, Exponential) and isinstance(two, Exponential):
        return one.plus(two)
    if isinstance(one, RawValues) and not isinstance(two, Explicit):
        return one.plus(two)
    if isinstance(two, RawValues) and isinstance(one, Exponential):
        return two.plus(one)
    return two


def figure(shape: Shape, aggregate: Aggregate) -> float | None:
    """Return a quantile, or an extreme or the deviation (from the middles of buckets); None for no values."""
    if aggregate.quantile is not None:
        return shape.quantile(aggregate.quantile)
    if not isinstance(shape, RawValues):
        known = {Aggregation.MIN: shape.low, Aggregation.MAX: shape.high}.get(aggregate.kind)
        if known is not None:
            return known
    weights = list(shape.weights())
    if not weights:
        return None
    if aggregate.kind is Aggregation.MIN:
        return weights[0][0]
    if aggregate.kind is Aggregation.MAX:
        return weights[-1][1]
    moments = (0.0, 0.0, 0.0)
    for lower, upper, count in weights:
        moments = merged(moments, (count, lower + (upper - lower) / 2, 0.0))
    return math.sqrt(max(0.0, moments[2] / moments[0]))
