"""The tree that the spans of a trace make, as far as they came: shares of time, the way up, the way down. Pure.

Spans come in any order, twice, with parents that never come, and with parents in a circle; the tree is always the same
for the same spans. Clocks of machines differ: a child of another resource that lies outside of its parent's time is
moved into it, as far as it is not longer; what is left over is cut off (the idea of Jaeger's clock skew adjuster).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span

SERVED: Final = frozenset({Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CONSUMER})
CULPRIT_SHARE: Final = 0.5
"""What takes this part of a span's time is the reason that it is slow."""
_MAX_DEPTH: Final = 1000


class Note(NamedTuple):
    """What is kept of a span. Times are nanoseconds; ``origin`` is equal for spans of one resource (and clock)."""

    start_ns: int
    end_ns: int
    span_id: bytes
    parent_id: bytes
    name: str
    kind: int
    service: str
    origin: int = 0
    failed: bool = False
    callee: str = ""
    """Whom a client span asks, where its name does not say it."""

    @property
    def duration_ns(self) -> int:
        """How long it took, never less than 0."""
        return max(0, self.end_ns - self.start_ns)


@dataclass(slots=True, eq=False)
class Node:
    """A span in the tree, with its time on the clock of the root."""

    note: Note
    parent: "Node | None" = None
    children: list["Node"] = field(default_factory=list)
    start_ns: int = 0
    """On the clock of the root."""
    from_ns: int = 0
    """Start and end, cut to the parent's time."""
    to_ns: int = 0

    @property
    def parent_is_missing(self) -> bool:
        """Whether it has a parent that did not come (or that is a child of itself)."""
        return self.parent is None and any(self.note.parent_id)

    @property
    def share(self) -> float:
        """Which part of its parent's time it takes, 0 to 1; 1 for a root."""
        return 1.0 if self.parent is None else _ratio(self.to_ns - self.from_ns, self.parent.note.duration_ns)

    @property
    def self_share(self) -> float:
        """Which part of its time no child takes, 0 to 1; children at the same time count once."""
        return 1.0 - self.share_of(self.children)

    def share_of(self, below: Sequence["Node"]) -> float:
        """Return which part of its time at least one of some spans below it takes, 0 to 1."""
        return _ratio(covered_ns(below), self.note.duration_ns) if below else 0.0

    def ancestors(self) -> Iterator["Node"]:
        """Yield parent, parent's parent, … up to the root."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def slowest_children(self) -> Sequence["Node"]:
        """Return the children, the one with the largest share first."""
        return sorted(self.children, key=lambda child: (-(child.to_ns - child.from_ns), child.note))

    def share_in(self, above: "Node") -> float:
        """Return which part of the time of a span above it takes, 0 to 1."""
        ends_ns = min(self.to_ns, above.start_ns + above.note.duration_ns)
        return _ratio(ends_ns - max(self.from_ns, above.start_ns), above.note.duration_ns)

    def to_culprit(self) -> Sequence["Node"]:
        """Return the way down to what takes the time: at each step the slowest child, while it takes half or more."""
        way: list[Node] = []
        node = self
        while len(way) < _MAX_DEPTH:
            slowest = next(iter(node.slowest_children()), None)
            if slowest is None or slowest.share_in(self) < CULPRIT_SHARE:
                return way
            way.append(slowest)
            node = slowest
        return way


def tree(notes: Iterable[Note]) -> dict[bytes, Node]:
    """Return the nodes by their span's id. Of spans with the same id the one that ended last counts."""
    nodes: dict[bytes, Node] = {}
    for note in sorted(notes):
        known = nodes.get(note.span_id)
        if known is None or (note.end_ns, note) > (known.note.end_ns, known.note):
            nodes[note.span_id] = Node(note)
    ordered = sorted(nodes.values(), key=lambda node: node.note)
    for node in ordered:
        node.parent = nodes.get(node.note.parent_id)
    _open_circles(ordered)
    for node in ordered:
        if node.parent is not None:
            node.parent.children.append(node)
    for node in ordered:
        if node.parent is None:
            _place(node)
    return nodes


def _open_circles(ordered: Sequence[Node]) -> None:
    """Make the earliest span of each circle of parents a root."""
    done: set[bytes] = set()
    for start in ordered:
        way: dict[bytes, Node] = {}
        node: Node | None = start
        while node is not None and node.note.span_id not in done and node.note.span_id not in way:
            way[node.note.span_id] = node
            node = node.parent
        if node is not None and node.note.span_id in way:
            circle = list(way.values())[list(way).index(node.note.span_id) :]
            min(circle, key=lambda each: each.note).parent = None
        done.update(way)


def _place(root: Node) -> None:
    """Give each span below a root its time on the root's clock."""
    root.start_ns = root.from_ns = root.note.start_ns
    root.to_ns = root.note.start_ns + root.note.duration_ns
    waiting = [(child, root, 0) for child in root.children]
    while waiting:
        node, parent, shift_ns = waiting.pop()
        parent_from_ns = parent.start_ns
        parent_to_ns = parent_from_ns + parent.note.duration_ns
        if node.note.origin != parent.note.origin:
            shift_ns += _skew_ns(node.note, shift_ns, parent_from_ns, parent_to_ns)
        node.start_ns = node.note.start_ns + shift_ns
        node.from_ns = min(max(node.start_ns, parent_from_ns), parent_to_ns)
        node.to_ns = min(max(node.start_ns + node.note.duration_ns, node.from_ns), parent_to_ns)
        waiting += [(child, node, shift_ns) for child in node.children]


def _skew_ns(note: Note, shift_ns: int, from_ns: int, to_ns: int) -> int:
    """Return by how much the clock of a child of another machine seems to be wrong: it is moved into the middle.

    What works for itself (a consumer of a message) may be late, and what is longer than its parent cannot fit.
    """
    start_ns, end_ns = note.start_ns + shift_ns, note.start_ns + shift_ns + note.duration_ns
    fits = from_ns <= start_ns and end_ns <= to_ns
    if fits or note.kind == Span.SPAN_KIND_CONSUMER or note.duration_ns > to_ns - from_ns:
        return 0
    return from_ns + (to_ns - from_ns - note.duration_ns) // 2 - start_ns


def covered_ns(children: Iterable[Node]) -> int:
    """Return for how long at least one of them runs."""
    total_ns = reached_ns = 0
    for from_ns, to_ns in sorted((child.from_ns, child.to_ns) for child in children):
        total_ns += max(0, to_ns - max(from_ns, reached_ns))
        reached_ns = max(reached_ns, to_ns)
    return total_ns


def _ratio(part_ns: int, whole_ns: int) -> float:
    return min(1.0, max(0.0, part_ns / whole_ns)) if whole_ns > 0 else 0.0
