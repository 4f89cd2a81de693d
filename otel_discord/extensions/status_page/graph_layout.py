"""Where each component stands in the picture of the pipelines: columns in the direction of the data. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

Edge: TypeAlias = tuple[str, str]
MOST_NODES: Final = 120
"""More would be no picture."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Column and row of each node, both from 0, rows also at halves. ``paths`` goes through free places on the way."""

    places: Mapping[str, tuple[int, float]]
    paths: Mapping[Edge, Sequence[tuple[int, float]]]
    columns: int
    rows: int


def lay_out(nodes: Sequence[str], edges: Iterable[Edge], last: Iterable[str] = ()) -> Layout:
    """Return the places: each node right of all that send to it, and those of ``last`` in the last column.

    Raises:
        ValueError: there are too many nodes.
    """
    if len(nodes) > MOST_NODES:
        raise ValueError("too many components for a picture")
    known = set(nodes)
    wires = [edge for edge in dict.fromkeys(edges) if set(edge) <= known and edge[0] != edge[1]]
    column = _columns(nodes, wires)
    columns = max(column.values(), default=-1) + 1
    for name in set(last) & known:
        if not any(source == name for source, _ in wires):
            column[name] = columns - 1
    stops = {edge: _stops(edge, column) for edge in wires}
    rows = _rows(nodes, column, stops, columns)
    tallest = max((len(row) for row in rows), default=0)
    at = {name: (x, y + (tallest - len(row)) / 2) for x, row in enumerate(rows) for y, name in enumerate(row)}
    places = {name: at[name] for name in nodes}
    return Layout(places, {edge: [at[stop] for stop in each] for edge, each in stops.items()}, columns, tallest)


def _columns(nodes: Sequence[str], wires: Sequence[Edge]) -> dict[str, int]:
    column = dict.fromkeys(nodes, 0)
    for _ in nodes:  # a longest path has no more steps than there are nodes; a circle would end here
        moved = False
        for source, target in wires:
            if column[target] <= column[source] and column[source] + 1 < len(nodes):
                column[target] = column[source] + 1
                moved = True
        if not moved:
            break
    return column


def _stops(edge: Edge, column: Mapping[str, int]) -> list[str]:
    source, target = edge
    between = [f"\0{source}\0{target}\0{x}" for x in range(column[source] + 1, column[target])]
    return [source, *between, target]


def _rows(
    nodes: Sequence[str], column: Mapping[str, int], stops: Mapping[Edge, Sequence[str]], columns: int
) -> list[list[str]]:
    """Return the names of each column from top to bottom, ordered so that wires cross little."""
    rows: list[list[str]] = [[] for _ in range(columns)]
    for name in nodes:
        rows[column[name]].append(name)
    before: dict[str, list[str]] = {}
    for (source, _), each in stops.items():
        for offset, stop in enumerate(each[1:-1], start=1):
            rows[column[source] + offset].append(stop)
        for one, other in pairwise(each):
            before.setdefault(other, []).append(one)
    rank = {name: float(y) for y, name in enumerate(rows[0])} if rows else {}
    for row in rows[1:]:
        height = {name: _mean([rank[each] for each in before.get(name, ()) if each in rank]) for name in row}
        row.sort(key=height.__getitem__)
        rank |= {name: float(y) for y, name in enumerate(row)}
    return rows


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
