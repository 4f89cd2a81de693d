"""Makes the components of a blueprint, each with what it feeds; opens nothing."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from otel_discord.component import (
    Component,
    ComponentId,
    ConnectorFactory,
    Consumer,
    Exporter,
    ExporterFactory,
    ExtensionFactory,
    Kind,
    ProcessorFactory,
    ReceiverFactory,
    Settings,
    StartError,
)
from otel_discord.service.blueprint import Blueprint, name_of
from otel_discord.service.config_file import Configured
from otel_discord.service.graph import Node
from otel_discord.service.joints import Gate
from otel_discord.service.wiring import Ends, Wires

T = TypeVar("T")


class Telemetry(Protocol):
    """What building needs of the service's own telemetry."""

    def settings(self, component_id: ComponentId, kind: Kind) -> Settings:
        """Return what a new component gets."""
        ...

    def door(self, next_consumer: Consumer) -> Consumer:
        """Return what a receiver hands its batches to."""
        ...


def build(node: Node, blueprint: Blueprint, gates: Mapping[Node, Gate], telemetry: Telemetry) -> tuple[Component, Ends]:
    """Make the component of a node, and the outlets that it passes data to.

    Raises:
        StartError: it cannot be made; names it.
    """
    factory, config = blueprint.identities[node].factory, blueprint.identities[node].config
    settings = telemetry.settings(node.id, node.kind)
    wires = blueprint.wires.get(node, Wires())
    ends = Ends(wires, gates, telemetry.door if node.kind is Kind.RECEIVER else lambda consumer: consumer)

    def make() -> Component:
        match factory:
            case ReceiverFactory() | ConnectorFactory():
                return factory.create(settings, config, ends.outlets())
            case ProcessorFactory():
                return factory.create(settings, config, blueprint.signals[node.pipeline], ends.following)
            case ExporterFactory() | ExtensionFactory():
                return factory.create(settings, config)

    return _made(name_of(node), make), ends


def build_exporter(configured: Configured, telemetry: Telemetry) -> Exporter:
    """Make one exporter alone.

    Raises:
        StartError: it cannot be made.
    """
    factory = configured.factory
    if not isinstance(factory, ExporterFactory):
        raise StartError(f'"{configured.id}" is not made by an ExporterFactory')
    settings = telemetry.settings(configured.id, Kind.EXPORTER)
    return _made(f"{Kind.EXPORTER}:{configured.id}", lambda: factory.create(settings, configured.config))


def build_extension(configured: Configured, telemetry: Telemetry) -> Component:
    """Make one extension alone.

    Raises:
        StartError: it cannot be made.
    """
    factory = configured.factory
    if not isinstance(factory, ExtensionFactory):
        raise StartError(f'"{configured.id}" is not made by an ExtensionFactory')
    settings = telemetry.settings(configured.id, Kind.EXTENSION)
    return _made(f"{Kind.EXTENSION}:{configured.id}", lambda: factory.create(settings, configured.config))


def _made(name: str, create: Callable[[], T]) -> T:
    try:
        return create()
    except StartError as error:
        raise StartError(f"{name}: {error}") from error
    except Exception as error:
        raise StartError(f"{name}: cannot be made: {type(error).__name__}: {error}") from error
