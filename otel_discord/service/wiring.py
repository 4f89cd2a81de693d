"""Who passes data to whom, read off a plan; and the outlets of one component, pointed accordingly."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from otel_discord.component import ComponentId, Consumer, Kind, Outlets
from otel_discord.service.fanout import fan_out
from otel_discord.service.graph import Node, Plan
from otel_discord.service.ids import PipelineId
from otel_discord.service.joints import Gate, Outlet
from otel_discord.signals import Signal


@dataclass(frozen=True, slots=True)
class Wires:
    """What a node passes data to."""

    following: tuple[Node, ...] = ()
    """Of a processor: the next step of its pipeline."""
    heads: Mapping[PipelineId, tuple[Node, ...]] = field(default_factory=dict)
    """Of a receiver or connector: the first step of each pipeline that it feeds."""

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Signals of the pipelines that it feeds."""
        return tuple(dict.fromkeys(pipeline.signal for pipeline in self.heads))


def wires_of(node: Node, plan: Plan, connectors: Collection[ComponentId]) -> Wires:
    """Return a node's wires, as the plan has them."""
    if node.kind in (Kind.RECEIVER, Kind.CONNECTOR):
        return Wires(heads={each: tuple(plan.steps(each, connectors)[0]) for each in plan.feeds[node]})
    if node.kind is Kind.PROCESSOR:
        pipeline = next(each for each in plan.pipelines if str(each) == node.pipeline)
        steps = plan.steps(pipeline, connectors)
        place = next(place for place, step in enumerate(steps) if node in step)
        return Wires(following=tuple(steps[place + 1]))
    return Wires()


class Ends:
    """The outlets of one component, made for its wires and pointed anew when they change.

    ``door`` is put before each outlet that the component gets. A component made once keeps its signals for life; the
    pipelines of :attr:`Outlets.by_pipeline` change with :meth:`point`.
    """

    def __init__(self, wires: Wires, gates: Mapping[Node, Gate], door: Callable[[Consumer], Consumer]) -> None:
        self._door = door
        self._pipelines: dict[PipelineId, Outlet] = {}
        self._by_pipeline: dict[str, Consumer] = {}
        nowhere = fan_out([])
        self.following = Outlet(nowhere)
        self._signals = {signal: Outlet(nowhere) for signal in wires.signals}
        self.point(wires, gates)

    def outlets(self) -> Outlets:
        """Return what a receiver or connector gets."""
        by_signal = {signal: self._door(outlet) for signal, outlet in self._signals.items()}
        return Outlets(by_signal, self._by_pipeline)

    def point(self, wires: Wires, gates: Mapping[Node, Gate]) -> None:
        """Pass everything from now on to these; does not wait, so that no batch sees half of it."""
        self.following.point(_to(wires.following, gates))
        heads = {pipeline: _to(nodes, gates) for pipeline, nodes in wires.heads.items()}
        for signal, outlet in self._signals.items():
            outlet.point(fan_out([head for pipeline, head in heads.items() if pipeline.signal is signal]))
        for pipeline in [each for each in self._pipelines if each not in heads]:
            del self._pipelines[pipeline], self._by_pipeline[str(pipeline)]
        for pipeline, head in heads.items():
            if pipeline in self._pipelines:
                self._pipelines[pipeline].point(head)
            else:
                self._pipelines[pipeline] = Outlet(head)
                self._by_pipeline[str(pipeline)] = self._door(self._pipelines[pipeline])


def _to(nodes: Iterable[Node], gates: Mapping[Node, Gate]) -> Consumer:
    return fan_out([gates[node] for node in nodes])
