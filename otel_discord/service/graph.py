"""The blueprint: which component feeds which, and in which order they open. Pure; builds and opens nothing.

Nodes are exporters and connectors (one for each id), processors (one for each place in a pipeline) and receivers
(one for each id). Every edge follows the data. Opening goes against the data: a node opens when all that it feeds are
open, so nothing ever passes data to something that is not there; receivers come last of all.
"""

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from otel_discord.component import ComponentId, Kind
from otel_discord.service.ids import PipelineId
from otel_discord.signals import Signal


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline with its references told apart. Duplicates among receivers and exporters count once."""

    id: PipelineId
    receivers: tuple[ComponentId, ...]
    processors: tuple[ComponentId, ...]
    exporters: tuple[ComponentId, ...]


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A component to be made. ``pipeline`` is "" but for processors."""

    kind: Kind
    id: ComponentId
    pipeline: str = ""

    def __str__(self) -> str:
        place = f' in pipeline "{self.pipeline}"' if self.pipeline else ""
        return f'{self.kind} "{self.id}"{place}'


Supports: TypeAlias = Mapping[tuple[Kind, ComponentId], Collection[Signal]]
"""Signals that each receiver, processor and exporter takes."""
Converts: TypeAlias = Mapping[ComponentId, Collection[tuple[Signal, Signal]]]
"""Pairs (from, to) that each connector offers; its keys say which ids are connectors."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the lifecycle builds and opens."""

    pipelines: Mapping[PipelineId, Pipeline]
    order: tuple[Node, ...]
    """Every node, downstream first."""
    feeds: Mapping[Node, tuple[PipelineId, ...]]
    """For receivers and connectors: the pipelines that they pass data to."""

    def steps(self, pipeline: PipelineId, connectors: Collection[ComponentId]) -> Sequence[Sequence[Node]]:
        """Return a pipeline's nodes behind its receivers: each processor alone, then the exporters together."""
        return _steps(self.pipelines[pipeline], connectors)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a set of pipelines cannot be built. ``pipeline`` and ``section`` say where, where that is one place."""

    message: str
    pipeline: PipelineId | None = None
    section: str = ""
    reference: ComponentId | None = None


_RANK: Final = {Kind.EXPORTER: 0, Kind.CONNECTOR: 1, Kind.PROCESSOR: 2, Kind.RECEIVER: 3}


def plan(pipelines: Sequence[Pipeline], supports: Supports, converts: Converts) -> Plan | Sequence[Fault]:
    """Return the plan, or everything that is in its way."""
    faults = [*_unsupported(pipelines, supports, converts), *_half_used(pipelines, converts)]
    edges = _edges(pipelines, converts)
    order, cycle = _downstream_first(edges)
    if cycle:
        faults.append(Fault(f"cycle detected: {_describe_cycle(cycle, pipelines)}"))
    if faults:
        return faults
    feeds = {
        node: tuple(p.id for p in pipelines if node.id in p.receivers)
        for node in order
        if node.kind in (Kind.RECEIVER, Kind.CONNECTOR)
    }
    return Plan({pipeline.id: pipeline for pipeline in pipelines}, order, feeds)


def _steps(pipeline: Pipeline, connectors: Collection[ComponentId]) -> list[list[Node]]:
    steps = [[Node(Kind.PROCESSOR, each, str(pipeline.id))] for each in pipeline.processors]
    last = [Node(Kind.CONNECTOR if each in connectors else Kind.EXPORTER, each) for each in pipeline.exporters]
    return [*steps, list(dict.fromkeys(last))]


def _edges(pipelines: Iterable[Pipeline], converts: Converts) -> dict[Node, set[Node]]:
    """Return for each node those that it passes data to."""
    edges: dict[Node, set[Node]] = {}
    for pipeline in pipelines:
        heads = [Node(Kind.CONNECTOR if each in converts else Kind.RECEIVER, each) for each in pipeline.receivers]
        before = heads
        for step in _steps(pipeline, converts):
            for node in before:
                edges.setdefault(node, set()).update(step)
            before = step
        for node in before:
            edges.setdefault(node, set())
    return edges


def _downstream_first(edges: Mapping[Node, set[Node]]) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """Return an order in which each node follows all that it feeds; or, second, the nodes of one cycle."""
    waiting = {node: len(targets) for node, targets in edges.items()}
    upstream: dict[Node, list[Node]] = {node: [] for node in edges}
    for node, targets in edges.items():
        for target in targets:
            upstream[target].append(node)
    number = {node: (_RANK[node.kind], place) for place, node in enumerate(edges)}
    ready = [(number[node], node) for node, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    order: list[Node] = []
    while ready:
        _, node = heapq.heappop(ready)
        order.append(node)
        for before in upstream[node]:
            waiting[before] -= 1
            if waiting[before] == 0:
                heapq.heappush(ready, (number[before], before))
    if len(order) == len(edges):
        return tuple(order), ()
    return tuple(order), _find_cycle(edges, {node for node, count in waiting.items() if count > 0})


def _find_cycle(edges: Mapping[Node, set[Node]], left: set[Node]) -> tuple[Node, ...]:
    """Walk along nodes that never became ready: each feeds another such node, so the walk meets itself."""
    walk: list[Node] = []
    node = min((each for each in left if each.kind is Kind.CONNECTOR), default=min(left))
    while node not in walk:
        walk.append(node)
        node = min(edges[node] & left)
    cycle = walk[walk.index(node) :]
    connectors = [place for place, each in enumerate(cycle) if each.kind is Kind.CONNECTOR]
    start = connectors[0] if connectors else 0
    return (*cycle[start:], *cycle[: start + 1])


def _describe_cycle(cycle: Sequence[Node], pipelines: Sequence[Pipeline]) -> str:
    by_name = {str(pipeline.id): pipeline for pipeline in pipelines}

    def words(place: int) -> str:
        node = cycle[place]
        if node.kind is not Kind.CONNECTOR:
            return str(node)
        around = cycle[:-1]
        into = {p.id.signal for p in pipelines if node.id in p.exporters}
        out = {p.id.signal for p in pipelines if node.id in p.receivers}
        before, after = around[place % len(around) - 1], around[(place + 1) % len(around)]
        into = {by_name[before.pipeline].id.signal} if before.pipeline else into
        out = {by_name[after.pipeline].id.signal} if after.pipeline else out
        return f'connector "{node.id}" ({"/".join(sorted(into))} to {"/".join(sorted(out))})'

    return " -> ".join(words(place) for place in range(len(cycle)))


def _unsupported(pipelines: Iterable[Pipeline], supports: Supports, converts: Converts) -> Iterable[Fault]:
    for pipeline in pipelines:
        signal = pipeline.id.signal
        sections = (
            (Kind.RECEIVER, "receivers", pipeline.receivers),
            (Kind.PROCESSOR, "processors", pipeline.processors),
            (Kind.EXPORTER, "exporters", pipeline.exporters),
        )
        for kind, section, ids in sections:
            for each in ids:
                if (kind is not Kind.PROCESSOR and each in converts) or signal in supports[kind, each]:
                    continue
                place = f', in pipeline "{pipeline.id}"' if kind is Kind.PROCESSOR else f' for data type "{signal}"'
                message = f'failed to create "{each}" {kind}{place}: telemetry type is not supported'
                yield Fault(message, pipeline.id, section, each)


def _half_used(pipelines: Sequence[Pipeline], converts: Converts) -> Iterable[Fault]:
    for connector, pairs in converts.items():
        into = [p.id for p in pipelines if connector in p.exporters]
        out = [p.id for p in pipelines if connector in p.receivers]
        for pipeline in into:
            if not any((pipeline.signal, after.signal) in pairs for after in out):
                yield Fault(_HALF.format(connector, "exporter", pipeline, "receiver"), pipeline, "exporters", connector)
        for pipeline in out:
            if not any((before.signal, pipeline.signal) in pairs for before in into):
                yield Fault(_HALF.format(connector, "receiver", pipeline, "exporter"), pipeline, "receivers", connector)


_HALF: Final = 'connector "{}" used as {} in [{}] pipeline but not used in any supported {} pipeline'
