"""Makes the components of a plan and joins them; opens nothing.

Each node gets what it feeds: a processor its next consumer, a receiver or connector its outlets. The plan's order has
everything downstream made before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from otel_discord.component import (
    Component,
    ComponentId,
    Connector,
    ConnectorFactory,
    Consumer,
    Exporter,
    ExporterFactory,
    ExtensionFactory,
    Kind,
    Outlets,
    Processor,
    ProcessorFactory,
    ReceiverFactory,
    Settings,
    StartError,
)
from otel_discord.service.config_file import Configuration, Configured
from otel_discord.service.fanout import fan_out
from otel_discord.service.graph import Node
from otel_discord.service.ids import PipelineId
from otel_discord.signals import Signal

T = TypeVar("T")


class Telemetry(Protocol):
    """What building needs of the service's own telemetry."""

    def settings(self, component_id: ComponentId, kind: Kind) -> Settings:
        """Return what a new component gets."""
        ...

    def door(self, next_consumer: Consumer) -> Consumer:
        """Return what a receiver hands its batches to."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """A component made, under the name that statuses and messages use."""

    name: str
    id: ComponentId
    component: Component


@dataclass(frozen=True, slots=True)
class Built:
    """Everything made, in the order in which it opens."""

    extensions: tuple[Named, ...]
    nodes: tuple[Named, ...]


def name_of(node: Node) -> str:
    """Return ``exporter:discord/ops``; a processor also has its pipeline, ``processor:filter@logs``."""
    return f"{node.kind}:{node.id}@{node.pipeline}" if node.pipeline else f"{node.kind}:{node.id}"


def pipeline_members(configuration: Configuration) -> dict[str, tuple[str, ...]]:
    """Return the names of each pipeline's components, in the order of the data."""
    connectors = configuration.components[Kind.CONNECTOR]
    members: dict[str, tuple[str, ...]] = {}
    for pipeline_id, pipeline in configuration.plan.pipelines.items():
        heads = [Node(Kind.CONNECTOR if each in connectors else Kind.RECEIVER, each) for each in pipeline.receivers]
        steps = configuration.plan.steps(pipeline_id, connectors)
        members[str(pipeline_id)] = tuple(name_of(node) for node in (*heads, *(n for step in steps for n in step)))
    return members


def build(configuration: Configuration, telemetry: Telemetry) -> Built:
    """Make every component that a pipeline or ``service.extensions`` uses, once each.

    Raises:
        StartError: a component cannot be made; names it.
    """
    extensions = []
    for each in configuration.extensions:
        configured = configuration.components[Kind.EXTENSION][each]
        extensions.append(Named(f"{Kind.EXTENSION}:{each}", each, build_extension(configured, telemetry)))
    builder = _Builder(configuration, telemetry)
    nodes = [Named(name_of(node), node.id, builder.make(node)) for node in configuration.plan.order]
    return Built(tuple(extensions), tuple(nodes))


def build_exporter(configured: Configured, telemetry: Telemetry) -> Exporter:
    """Make one exporter alone.

    Raises:
        StartError: it cannot be made.
    """
    factory = _as(configured, ExporterFactory)
    settings = telemetry.settings(configured.id, Kind.EXPORTER)
    return _made(Kind.EXPORTER, configured.id, lambda: factory.create(settings, configured.config))


def build_extension(configured: Configured, telemetry: Telemetry) -> Component:
    """Make one extension alone.

    Raises:
        StartError: it cannot be made.
    """
    factory = _as(configured, ExtensionFactory)
    settings = telemetry.settings(configured.id, Kind.EXTENSION)
    return _made(Kind.EXTENSION, configured.id, lambda: factory.create(settings, configured.config))


class _Builder:
    """Remembers what is made: consumers by node, and the first consumer of each pipeline."""

    def __init__(self, configuration: Configuration, telemetry: Telemetry) -> None:
        self._configuration = configuration
        self._connectors = configuration.components[Kind.CONNECTOR]
        self._telemetry = telemetry
        self._consumers: dict[Node, Consumer] = {}

    def make(self, node: Node) -> Component:
        """Make a node; all that it feeds is made already."""
        configured = self._configuration.components[node.kind][node.id]
        settings = self._telemetry.settings(node.id, node.kind)
        match node.kind:
            case Kind.RECEIVER:
                return self._receiver(configured, settings, node)
            case Kind.PROCESSOR:
                processor = self._processor(configured, settings, node)
                self._consumers[node] = processor
                return processor
            case Kind.CONNECTOR:
                connector = self._connector(configured, settings, node)
                self._consumers[node] = connector
                return connector
            case _:
                exporter = build_exporter(configured, self._telemetry)
                self._consumers[node] = exporter
                return exporter

    def _receiver(self, configured: Configured, settings: Settings, node: Node) -> Component:
        factory = _as(configured, ReceiverFactory)
        outlets = self._outlets(node, self._telemetry.door)
        return _made(node.kind, node.id, lambda: factory.create(settings, configured.config, outlets))

    def _processor(self, configured: Configured, settings: Settings, node: Node) -> Processor:
        factory = _as(configured, ProcessorFactory)
        pipeline = next(each for each in self._configuration.plan.pipelines if str(each) == node.pipeline)
        steps = self._configuration.plan.steps(pipeline, self._connectors)
        after = steps[next(place for place, step in enumerate(steps) if node in step) + 1]
        following = fan_out([self._consumers[each] for each in after])
        return _made(
            node.kind, node.id, lambda: factory.create(settings, configured.config, pipeline.signal, following)
        )

    def _connector(self, configured: Configured, settings: Settings, node: Node) -> Connector:
        factory = _as(configured, ConnectorFactory)
        outlets = self._outlets(node, lambda consumer: consumer)
        return _made(node.kind, node.id, lambda: factory.create(settings, configured.config, outlets))

    def _outlets(self, node: Node, door: Callable[[Consumer], Consumer]) -> Outlets:
        heads = {each: door(self._head(each)) for each in self._configuration.plan.feeds[node]}
        signals = dict.fromkeys(each.signal for each in heads)
        by_signal: dict[Signal, Consumer] = {
            signal: fan_out([head for each, head in heads.items() if each.signal is signal]) for signal in signals
        }
        return Outlets(by_signal, {str(each): head for each, head in heads.items()})

    def _head(self, pipeline: PipelineId) -> Consumer:
        first: Sequence[Node] = self._configuration.plan.steps(pipeline, self._connectors)[0]
        return fan_out([self._consumers[node] for node in first])


def _as(configured: Configured, kind: type[T]) -> T:
    if not isinstance(configured.factory, kind):
        raise StartError(f'"{configured.id}" is not made by a {kind.__name__}')
    return configured.factory


def _made(kind: Kind, component_id: ComponentId, create: Callable[[], T]) -> T:
    try:
        return create()
    except StartError as error:
        raise StartError(f"{kind}:{component_id}: {error}") from error
    except Exception as error:
        raise StartError(f"{kind}:{component_id}: cannot be made: {type(error).__name__}: {error}") from error
