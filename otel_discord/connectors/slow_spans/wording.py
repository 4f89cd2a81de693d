"""What a slow span's record says: one line that a person reads first, and the path in a few lines. Pure.

GET /checkout took 3.2 s (usually 140 ms)
mostly charge card › POST /charges (payments): 2.9 s, 91 %
91 % charge card · 4 % SELECT cart, 12 times · 5 % itself
path: GET / (web) › GET /checkout
23 times its usual 140 ms (p99 of 1,204 spans)
"""

from collections.abc import Sequence
from typing import Final

from otel_discord.connectors.slow_spans.judging import Slow
from otel_discord.connectors.slow_spans.parts import LEAST_SHARE, Part, parts, served_for
from otel_discord.connectors.slow_spans.path import CULPRIT_SHARE, Node, Note, covered_ns
from otel_discord.templating.wording import duration, number

_NS: Final = 1_000_000_000
_MOST_PARTS: Final = 3
_MOST_STEPS: Final = 5
_MOST_NAMES: Final = 32
_NAME_CHARS: Final = 80


def title(note: Note, slow: Slow) -> str:
    """Return ``GET /checkout took 3.2 s (usually 140 ms)``, or ``(limit 2 s)``: one form for each reason."""
    known = f"usually {duration(slow.usual.duration_s)}" if slow.is_learned else f"limit {duration(slow.limit_s)}"
    return f"{name(note)} took {duration(note.duration_ns / _NS)} ({known})"


def lines(node: Node, slow: Slow, *, percentile: float, alike: int = 0, spans_left_out: int = 0) -> list[str]:
    """Return the lines below the title, the most telling first."""
    way = node.to_culprit()
    found = [_culprit(node, way), _shares(node, way), _path(node), _comparison(node.note, slow, percentile)]
    if alike:
        found.append(f"and {number(alike)} more of it in this trace")
    if spans_left_out:
        found.append(f"the trace has {number(spans_left_out)} spans more than are kept")
    return [line for line in found if line]


def path_names(node: Node) -> list[str]:
    """Return the way from the root to a span, and on to the culprit, each as ``name (service)``; 32 names at most."""
    way = [*reversed(list(node.ancestors())), node, *node.to_culprit()]
    names = [f"{name(each.note)} ({each.note.service})" if each.note.service else name(each.note) for each in way]
    if len(names) > _MOST_NAMES:
        half = _MOST_NAMES // 2
        names = [*names[:half], f"… {number(len(names) - _MOST_NAMES + 1)} more …", *names[1 - half :]]
    return names


def name(note: Note) -> str:
    """Return the span's name on one line, cut if it is very long; ``GET bank.example`` where it is only ``GET``."""
    text = " ".join(f"{note.name} {note.callee}".split()) or "a span without a name"
    return text if len(text) <= _NAME_CHARS else f"{text[: _NAME_CHARS - 1]}…"


def _culprit(node: Node, way: Sequence[Node]) -> str:
    """Return what takes half of the time or more: a span, or many short ones of one name."""
    last = way[-1] if way else node
    for part in parts(last)[:1]:
        share = node.share_of(part.nodes)
        if len(part.nodes) > 1 and share >= CULPRIT_SHARE:
            taken = duration(covered_ns(part.nodes) / _NS)
            return f"mostly {_steps(node, [*way, part.nodes[0]])}, {_times(part)}: {taken}, {_percent(share)}"
    if not way:
        return ""
    failed = ", failed" if last.note.failed else ""
    taken = duration((last.to_ns - last.from_ns) / _NS)
    return f"mostly {_steps(node, way)}: {taken}, {_percent(last.share_in(node))}{failed}"


def _shares(node: Node, way: Sequence[Node]) -> str:
    """Return how the time is divided, where the way down first meets more than one part that matters."""
    divided = next((each for each in (node, *way) if _is_divided(each)), None)
    if divided is None:
        return "" if way or not node.children else _share_list(node)
    return _share_list(divided) if divided is node else f"in {name(divided.note)}: {_share_list(divided)}"


def _is_divided(node: Node) -> bool:
    found = parts(node)
    return sum(part.share >= LEAST_SHARE for part in found) > 1 or any(len(part.nodes) > 1 for part in found[:1])


def _share_list(node: Node) -> str:
    found = parts(node)
    named = [part for part in found[:_MOST_PARTS] if part.share >= LEAST_SHARE]
    shown = [f"{_percent(part.share)} {_part_name(part)}" for part in named]
    others = [child for part in found[len(named) :] for child in part.nodes]
    if (share := node.share_of(others)) >= LEAST_SHARE:
        shown.append(f"{_percent(share)} {number(len(others))} {'others' if len(others) > 1 else 'other'}")
    if node.self_share >= LEAST_SHARE or not shown:
        shown.append(f"{_percent(node.self_share)} itself")
    return " · ".join(shown)


def _part_name(part: Part) -> str:
    served = served_for(part.nodes[0])
    text = f"{name(served.note)} ({served.note.service})" if served else name(part.nodes[0].note)
    return f"{text}, {_times(part)}" if len(part.nodes) > 1 else text


def _times(part: Part) -> str:
    return f"{number(len(part.nodes))} times"


def _path(node: Node) -> str:
    above = list(node.ancestors())[::-1]
    root = above[0] if above else node
    if not above and not root.parent_is_missing:
        return ""
    beginning = "… › " if root.parent_is_missing else ""
    return f"path: {beginning}{_steps(None, [*above, node])}"


def _steps(before: Node | None, nodes: Sequence[Node]) -> str:
    """Return ``a › b (other service) › c``: a service where it is another one than before.

    A request and the span that served it are one step.
    """
    service = before.note.service if before else ""
    shown = []
    for place, node in enumerate(nodes):
        if place + 1 < len(nodes) and served_for(node) is nodes[place + 1]:
            continue  # the request and its answer are one step, and the one who answers has the better name
        new = node.note.service and node.note.service != service
        shown.append(f"{name(node.note)} ({node.note.service})" if new else name(node.note))
        service = node.note.service
    if len(shown) > _MOST_STEPS:
        shown = [*shown[:2], f"… {number(len(shown) - _MOST_STEPS + 1)} more …", *shown[-(_MOST_STEPS - 3) :]]
    return " › ".join(shown)


def _comparison(note: Note, slow: Slow, percentile: float) -> str:
    if not slow.usual.spans or not slow.usual.duration_s:
        return ""
    times = note.duration_ns / _NS / slow.usual.duration_s
    usual = f"its usual {duration(slow.usual.duration_s)} (p{percentile:g} of {number(slow.usual.spans)} spans)"
    return f"{number(round(times) if times >= 10 else round(times, 1))} times {usual}"


def _percent(ratio: float) -> str:
    return f"{round(100 * ratio)} %"
