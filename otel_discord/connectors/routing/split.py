"""A batch split by a table: what each pipeline gets. Pure; the batch is not changed."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from otel_discord.connectors.routing.table import Entry, Table
from otel_discord.ottl import ContextKind, DataPointItem, LogItem, MetricItem, ResourceItem, ScopeItem, SpanItem
from otel_discord.signals import OTLP_SERVICES, Batch, Signal
from otel_discord.signals.selection import scope_groups, select

Targets: TypeAlias = tuple[str, ...]
"""Pipelines, each once."""

_ABOVE: Final = frozenset({ContextKind.RESOURCE, ContextKind.SCOPE})
_ITEMS: Final[Mapping[Signal, Callable[..., Any]]] = {
    Signal.LOGS: LogItem,
    Signal.METRICS: MetricItem,
    Signal.TRACES: SpanItem,
}


_FIELDS: Final = {Signal.LOGS: "record", Signal.METRICS: "metric", Signal.TRACES: "span"}


@dataclass(frozen=True, slots=True)
class Split:
    """What goes where. ``counts`` are items (records, spans, data points) by the pipelines that they go to."""

    parts: Mapping[str, Batch]
    counts: Mapping[Targets, int]


def split(batch: Batch, table: Table) -> Split:
    """Return the parts of a batch by pipeline; a part that is all of it is the batch itself.

    Raises:
        OttlError: a condition cannot be evaluated, and errors propagate.
    """
    if any(entry.edits for entry in table.entries):
        batch = _copy_of(batch)
    sorting = _Sorting(batch, table)
    place = 0
    for group, scope_group, members in scope_groups(batch):
        sorting.sort(place, group, scope_group, members)
        place += 1
    parts = {}
    for pipeline, picked in sorting.picks.items():
        part = select(batch, [picked.get(each, ()) for each in range(place)])
        if part is not None:
            parts[pipeline] = part
    return Split(parts, sorting.counts)


def _copy_of(batch: Batch) -> Batch:
    service = OTLP_SERVICES[batch.signal]
    request = service.request()
    request.CopyFrom(batch.request)
    return service.batch(request)


class _Sorting:
    """Sorts the members of one scope group after another."""

    def __init__(self, batch: Batch, table: Table) -> None:
        self._signal = batch.signal
        self._table = table
        self._all_above = all(entry.context in _ABOVE for entry in table.entries)
        self._by_point = any(entry.context is ContextKind.DATAPOINT for entry in table.entries)
        self._group: Any = None
        self._known: dict[tuple[int, ContextKind], bool] = {}
        self.picks: dict[str, dict[int, list[Any] | None]] = {}
        self.counts: Counter[Targets] = Counter()

    def sort(self, place: int, group: Any, scope_group: Any, members: Any) -> None:
        """Note where the members of the scope group at this place go."""
        scope = ScopeItem(scope_group.scope, group.resource, scope_group, group)
        self._remember(group)
        above = {ContextKind.RESOURCE: ResourceItem(group.resource, group), ContextKind.SCOPE: scope}
        if self._all_above:
            targets = self._targets(above)
            for pipeline in targets:
                self.picks.setdefault(pipeline, {})[place] = None
            self.counts[targets] += sum(map(self._weight, members))
            return
        item = _ITEMS[self._signal](None, scope_group.scope, group.resource, scope_group, group)
        items = {**above, _OWN[self._signal]: item}
        field = _FIELDS[self._signal]
        for member in members:
            setattr(item, field, member)  # one item serves all: what a route may edit is the record, not the item
            if self._by_point and (points := _points(member)):
                self._sort_points(place, member, points, items)
            else:
                self._put(place, self._targets(items), member, self._weight(member))
        for of_pipeline in self.picks.values():
            picked = of_pipeline.get(place)
            if picked is not None and len(picked) == len(members) and all(map(_same, picked, members)):
                of_pipeline[place] = None

    def _remember(self, group: Any) -> None:
        """Answers for a resource hold as long as its scopes last; those for a scope are asked for each."""
        if group is not self._group:
            self._group = group
            self._known = {}
        self._known = {key: value for key, value in self._known.items() if key[1] is ContextKind.RESOURCE}

    def _sort_points(self, place: int, metric: Any, points: Any, items: dict[ContextKind, Any]) -> None:
        around = items[ContextKind.METRIC]
        kept: dict[str, list[int]] = {}
        for index, point in enumerate(points):
            item = DataPointItem(
                point, metric, around.scope, around.resource, around.scope_metrics, around.resource_metrics
            )
            targets = self._targets({**items, ContextKind.DATAPOINT: item})
            self.counts[targets] += 1
            for pipeline in targets:
                kept.setdefault(pipeline, []).append(index)
        for pipeline, indexes in kept.items():
            part = metric if len(indexes) == len(points) else _with_points(metric, frozenset(indexes))
            self._put(place, (pipeline,), part, 0)

    def _targets(self, items: dict[ContextKind, Any]) -> Targets:
        found: Targets = ()
        for number, entry in enumerate(self._table.entries):
            if self._holds(number, entry, items):
                found = _both(found, entry.pipelines)
                if entry.moves:
                    return found
        return _both(found, self._table.default)

    def _holds(self, number: int, entry: Entry, items: dict[ContextKind, Any]) -> bool:
        item = items.get(entry.context)
        if item is None:
            return False
        if entry.context not in _ABOVE:
            return entry.matches(item)
        known = self._known.get((number, entry.context))
        if known is None:
            known = self._known[number, entry.context] = entry.matches(item)
        return known

    def _put(self, place: int, targets: Targets, member: Any, weight: int) -> None:
        if weight:
            self.counts[targets] += weight
        for pipeline in targets:
            picked = self.picks.setdefault(pipeline, {}).setdefault(place, [])
            if picked is not None:
                picked.append(member)

    def _weight(self, member: Any) -> int:
        return len(_points(member)) if self._signal is Signal.METRICS else 1


_OWN: Final[Mapping[Signal, ContextKind]] = {
    Signal.LOGS: ContextKind.LOG,
    Signal.METRICS: ContextKind.METRIC,
    Signal.TRACES: ContextKind.SPAN,
}


def _both(one: Targets, other: Targets) -> Targets:
    return tuple(dict.fromkeys((*one, *other))) if one and other else one or other


def _points(metric: Any) -> Any:
    kind = metric.WhichOneof("data")
    return getattr(metric, kind).data_points if kind else ()


def _with_points(metric: Any, indexes: frozenset[int]) -> Any:
    copy = type(metric)()
    copy.CopyFrom(metric)
    points = _points(copy)
    for index in reversed(range(len(points))):
        if index not in indexes:
            del points[index]
    return copy


def _same(one: Any, other: Any) -> bool:
    return one is other
