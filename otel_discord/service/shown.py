"""What the host shows of the running service beside its statuses: where each part of ``component.ServiceView`` is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from otel_discord.component import Component
from otel_discord.component.service_view import Reading, ReloadNote, Wire
from otel_discord.service.blueprint import Blueprint, name_of


@dataclass(frozen=True, slots=True)
class Shown:
    """Asked anew at each look, so that what is shown is what is in force. Left out, there is nothing to show."""

    version: str = ""
    readings: Callable[[], Sequence[Reading]] = field(default=tuple)
    components: Callable[[], Mapping[str, Component]] = field(default=dict)
    configuration: Callable[[], str] = field(default=str)
    reloads: Callable[[], Sequence[ReloadNote]] = field(default=tuple)
    redact: Callable[[str], str] = field(default=str)


def shown_wires(blueprint: Blueprint) -> tuple[Wire, ...]:
    """Return who passes what to whom: pipeline by pipeline, in the order of the data. Pure."""
    found: dict[str, list[Wire]] = {pipeline: [] for pipeline in blueprint.members}
    for node in reversed(blueprint.order):
        wires = blueprint.wires.get(node)
        if wires is None:
            continue
        ways = {str(pipeline): targets for pipeline, targets in wires.heads.items()}
        if node.pipeline:
            ways[node.pipeline] = wires.following
        for pipeline, targets in ways.items():
            signal = str(blueprint.signals[pipeline])
            found[pipeline] += [Wire(name_of(node), name_of(target), signal, pipeline) for target in targets]
    return tuple(wire for of_pipeline in found.values() for wire in of_pipeline)
