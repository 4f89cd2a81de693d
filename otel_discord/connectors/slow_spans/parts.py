"""What a span's time is made of: its children, those of one name together, the largest part first. Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_discord.connectors.slow_spans.path import SERVED, Node

LEAST_SHARE: Final = 0.005
"""What takes less is 0 % in words, and not worth any."""
_ASKING: Final = frozenset({Span.SPAN_KIND_CLIENT, Span.SPAN_KIND_PRODUCER})
_Name = tuple[str, str, str, int]


class Part(NamedTuple):
    """Children of one name, the slowest first, and which part of their parent's time they take together."""

    nodes: Sequence[Node]
    share: float


def parts(node: Node) -> list[Part]:
    """Return the children by name: what a query in a loop takes is the sum of its rounds."""
    found: dict[_Name, list[Node]] = {}
    for child in node.slowest_children():
        found.setdefault(_name(child), []).append(child)
    made = [Part(nodes, node.share_of(nodes)) for nodes in found.values()]
    return sorted(made, key=lambda part: -part.share)  # of equal ones the one with the slowest child is first


def served_for(node: Node) -> Node | None:
    """Return the span of another service that served the request of a span; None where none came."""
    if node.note.kind not in _ASKING:
        return None
    served = (child for child in node.slowest_children() if child.note.kind in SERVED)
    return next((child for child in served if child.note.service not in ("", node.note.service)), None)


def _name(node: Node) -> _Name:
    served = served_for(node)
    note = served.note if served else node.note
    return note.service, note.name, note.callee, note.kind
