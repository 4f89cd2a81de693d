"""Which of a trace's slow spans are told: one for each cause, the outermost that was served. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from otel_discord.connectors.slow_spans.path import CULPRIT_SHARE, SERVED, Node

_MOST: Final = 0.5
_Operation: TypeAlias = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """A slow span that is told, and how many others it stands for: slow ones of the same operation beside it."""

    node: Node
    covers: frozenset[bytes]
    """Ids of the slow spans that need no record of their own, itself included."""
    alike: int = 0


def select(nodes: Mapping[bytes, Node], slow: Collection[bytes]) -> list[Finding]:
    """Return what is to be told of these slow spans, the longest first.

    A slow span within a slow one above it is part of that one's story. Of one operation that is slow many times in
    the trace, the slowest is told.
    """
    heads: dict[bytes, set[bytes]] = {}
    for span_id in sorted(slow):
        node = nodes[span_id]
        inside = [above for above in node.ancestors() if above.note.span_id in slow and _is_within(node, above)]
        heads.setdefault((inside[-1] if inside else node).note.span_id, set()).add(span_id)
    by_operation: dict[_Operation, list[Finding]] = {}
    for head_id, covered in heads.items():
        node = _outermost_served(nodes[head_id], slow)
        finding = Finding(node, frozenset({*covered, head_id, node.note.span_id}))
        by_operation.setdefault(_operation(node), []).append(finding)
    told = [_slowest(alike) for alike in by_operation.values()]
    return sorted(told, key=lambda each: (-each.node.note.duration_ns, each.node.note))


def is_known(finding: Finding, nodes: Mapping[bytes, Node], told: Collection[bytes]) -> bool:
    """Return whether what was told before says it: its operation was, or what takes half or more of its time."""
    return any(
        _operation(nodes[span_id]) == _operation(finding.node) or nodes[span_id].share_in(finding.node) >= CULPRIT_SHARE
        for span_id in finding.covers
        if span_id in told
    )


def _operation(node: Node) -> _Operation:
    return node.note.service, node.note.name, node.note.kind


def _slowest(alike: list[Finding]) -> Finding:
    first = min(alike, key=lambda each: (-each.node.note.duration_ns, each.node.note))
    return Finding(first.node, frozenset().union(*(each.covers for each in alike)), len(alike) - 1)


def _outermost_served(head: Node, slow: Collection[bytes]) -> Node:
    """Return the first slow span on the way to the culprit that a service served, else the head itself."""
    if head.note.kind in SERVED:
        return head
    on_the_way = head.to_culprit()
    return next((each for each in on_the_way if each.note.kind in SERVED and each.note.span_id in slow), head)


def _is_within(node: Node, above: Node) -> bool:
    """Return whether most of a span's time is time of the one above it; what goes on alone afterwards is not."""
    ends_ns = (node.start_ns + node.note.duration_ns, above.start_ns + above.note.duration_ns)
    return min(ends_ns) - max(node.start_ns, above.start_ns) >= _MOST * node.note.duration_ns
