"""What a configuration amounts to, in a form that two of them can be compared in. Pure but for a reader of files."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from otel_discord.component import ComponentId, Factory, Kind
from otel_discord.config import StrictModel
from otel_discord.service.config_file import Configuration, Configured
from otel_discord.service.graph import Node
from otel_discord.service.wiring import Wires, wires_of
from otel_discord.signals import Signal


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes a component the one that it is: equal ones need no exchange."""

    factory: Factory
    config: StrictModel
    contents: Mapping[str, str] = field(default_factory=dict)
    """Digests of the files that its configuration names, by path."""
    ways: frozenset[str] = frozenset()
    """What it was told at its making of where data goes: a receiver the signals, a connector the pipelines."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Every component with what it is and whom it feeds, in the order in which they open."""

    order: tuple[Node, ...] = ()
    """Extensions as ``service.extensions`` has them, then the rest downstream first, receivers last."""
    identities: Mapping[Node, Identity] = field(default_factory=dict)
    wires: Mapping[Node, Wires] = field(default_factory=dict)
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of each pipeline's components, in the order of the data."""
    signals: Mapping[str, Signal] = field(default_factory=dict)
    """Of each pipeline."""


def name_of(node: Node) -> str:
    """Return ``exporter:discord/ops``; a processor also has its pipeline, ``processor:filter@logs``."""
    return f"{node.kind}:{node.id}@{node.pipeline}" if node.pipeline else f"{node.kind}:{node.id}"


def blueprint_of(configuration: Configuration, digest: Callable[[Path], str]) -> Blueprint:
    """Return what the configuration amounts to; ``digest`` is asked for each file that a component's section names."""
    plan, components = configuration.plan, configuration.components
    extensions = [Node(Kind.EXTENSION, each) for each in configuration.extensions]
    order = (*extensions, *plan.order)
    connectors = components[Kind.CONNECTOR]
    wires = {node: wires_of(node, plan, connectors) for node in plan.order}
    identities = {
        node: _identity(components[node.kind][node.id], wires.get(node, Wires()), node.kind, digest) for node in order
    }
    signals = {str(pipeline): pipeline.signal for pipeline in plan.pipelines}
    return Blueprint(order, identities, wires, pipeline_members(configuration), signals)


def _identity(configured: Configured, wires: Wires, kind: Kind, digest: Callable[[Path], str]) -> Identity:
    ways = wires.signals if kind is Kind.RECEIVER else wires.heads
    contents = {str(path): digest(path) for path in files_named_in(configured.config)}
    return Identity(configured.factory, configured.config, contents, frozenset(map(str, ways)))


def files_named_in(value: object) -> Iterator[Path]:
    """Yield the files that a section names under keys such as ``webhook_url_file`` and that are read once, at a start.

    A section with a ``reload_interval`` looks at its files by itself.
    """
    if isinstance(value, BaseModel):
        if getattr(value, "reload_interval", 0):
            return
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if name.endswith("_file") and isinstance(inner, str | Path):
                if str(inner) not in ("", "."):
                    yield Path(inner)
            else:
                yield from files_named_in(inner)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from files_named_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from files_named_in(inner)


def pipeline_members(configuration: Configuration) -> dict[str, tuple[str, ...]]:
    """Return the names of each pipeline's components, in the order of the data."""
    connectors: Mapping[ComponentId, Configured] = configuration.components[Kind.CONNECTOR]
    members: dict[str, tuple[str, ...]] = {}
    for pipeline_id, pipeline in configuration.plan.pipelines.items():
        heads = [Node(Kind.CONNECTOR if each in connectors else Kind.RECEIVER, each) for each in pipeline.receivers]
        steps = configuration.plan.steps(pipeline_id, connectors)
        members[str(pipeline_id)] = tuple(name_of(node) for node in (*heads, *(n for step in steps for n in step)))
    return members
