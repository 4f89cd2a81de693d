"""The pipelines as a picture (SVG without styles of its own), and as lists for narrow screens and screen readers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from otel_discord.extensions.status_page.flow import part_of
from otel_discord.extensions.status_page.graph_layout import Edge, Layout, lay_out
from otel_discord.extensions.status_page.overview import Flow, Node, Overview
from otel_discord.extensions.status_page.pages.frame import empty
from otel_discord.extensions.status_page.pages.words import number, rate, text

BOX_W: Final = 172
BOX_H: Final = 58
GAP_W: Final = 96
GAP_H: Final = 22
_PAD: Final = 4
_NAME_CHARS: Final = 21
_MOODS: Final = {"StatusOK": "good", "StatusRecoverableError": "warn"}


def graph(overview: Overview) -> str:
    """Return the picture and the lists."""
    if not overview.nodes:
        return empty("No pipelines are running.")
    chains = f'<ul class="chains">{"".join(_chain(overview, name) for name in overview.pipelines)}</ul>'
    names = [node.name for node in overview.nodes]
    last = [name for name in names if name.startswith("exporter:")]
    try:
        layout = lay_out(names, [(flow.wire.source, flow.wire.target) for flow in overview.flows], last)
    except ValueError:
        return f'<div class="graph-lists always">{chains}</div>'
    return f'<div class="graph-picture">{_picture(overview, layout)}</div><div class="graph-lists">{chains}</div>'


def _picture(overview: Overview, layout: Layout) -> str:
    width = layout.columns * (BOX_W + GAP_W) - GAP_W + 2 * _PAD
    height = layout.rows * (BOX_H + GAP_H) - GAP_H + 2 * _PAD
    grouped: dict[Edge, list[Flow]] = {}
    for flow in overview.flows:
        grouped.setdefault((flow.wire.source, flow.wire.target), []).append(flow)
    wires = _wires({edge: flows for edge, flows in grouped.items() if edge in layout.paths}, layout)
    boxes = "".join(_box(node, layout.places[node.name]) for node in overview.nodes)
    return (
        f'<svg class="graph" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="Pipelines; the lists below say the same"><g class="wires">{wires}</g>{boxes}</svg>'
    )


def _at(place: tuple[int, float]) -> tuple[float, float]:
    return _PAD + place[0] * (BOX_W + GAP_W), _PAD + place[1] * (BOX_H + GAP_H)


def _line(path: Sequence[tuple[int, float]]) -> str:
    """Return the path of a wire from the right of its first place to the left of its last."""
    x, y = _at(path[0])
    x, y = x + BOX_W, y + BOX_H / 2
    line = f"M{x:g} {y:g}"
    for index, place in enumerate(path[1:], start=1):
        to_x, to_y = _at(place)
        to_y += BOX_H / 2
        middle = (x + to_x) / 2
        line += f"C{middle:g} {y:g} {middle:g} {to_y:g} {to_x:g} {to_y:g}"
        x, y = to_x, to_y
        if index < len(path) - 1:  # a free place on the way is crossed straight
            x += BOX_W
            line += f"H{x:g}"
    return line


def _wires(grouped: Mapping[Edge, Sequence[Flow]], layout: Layout) -> str:
    """Return the wires with their rates: beside the source that has one wire, else beside the target, where wires of
    one source have parted."""
    leaving = Counter(source for source, _ in grouped)
    told: Counter[tuple[float, float]] = Counter()
    html = ""
    for edge, flows in grouped.items():
        path = layout.paths[edge]
        rates = [flow.per_second for flow in flows if flow.per_second is not None]
        signals = ", ".join(dict.fromkeys(flow.wire.signal for flow in flows))
        css = "wire busy" if any(rates) else "wire"
        html += f'<path class="{css}" d="{_line(path)}"><title>{text(signals)}</title></path>'
        if not rates:
            continue
        # Several pipelines on one wire carry the same records each: the greatest is what goes over it.
        if leaving[edge[0]] == 1:
            x, y = _at(path[0])
            x, anchor = x + BOX_W + 6, "start"
        else:
            x, y = _at(path[1])
            x, anchor = x - 6, "end"
        below = anchor == "end" and path[1][1] > path[0][1]  # the wire comes from above: its rate stands beneath it
        y += BOX_H / 2 + (17 if below else -6) + 18 * told[x, y]
        told[x, y] += 1
        html += f'<text class="wire-rate" text-anchor="{anchor}" x="{x:g}" y="{y:g}">{number(max(rates))}/s</text>'
    return html


def _box(node: Node, place: tuple[int, float]) -> str:
    x, y = _at(place)
    part, (facts, is_bad) = part_of(node.name), _facts(node)
    name = part.id if len(part.id) <= _NAME_CHARS else f"{part.id[: _NAME_CHARS - 1]}…"
    mood = _MOODS.get(node.status, "bad" if "Error" in node.status else "quiet")
    return (
        f'<g class="node {part.kind} {mood}"><title>{text(f"{node.name}: {node.status} {node.error}".strip())}</title>'
        f'<rect x="{x:g}" y="{y:g}" width="{BOX_W}" height="{BOX_H}" rx="9"/>'
        f'<circle cx="{x + 16:g}" cy="{y + 21:g}" r="4.5"/>'
        f'<text class="name" x="{x + 28:g}" y="{y + 26:g}">{text(name)}</text>'
        f'<text class="facts{" bad" if is_bad else ""}" x="{x + 28:g}" y="{y + 45:g}">{text(facts or part.kind)}</text>'
        "</g>"
    )


def _facts(node: Node) -> tuple[str, bool]:
    """Return what a box says beneath its name, and whether that is bad."""
    for word, value in (("refused", node.refused), ("failed", node.failed)):
        if value:
            return f"{rate(value)} {word}", True
    for word, value in (("taken", node.taken), ("sent", node.sent)):
        if value is not None:
            return f"{rate(value)} {word}", False
    return "", False


def _chain(overview: Overview, pipeline: str) -> str:
    nodes = {node.name: node for node in overview.nodes}
    leaving: Mapping[str, list[float]] = {}
    leaving = {name: [] for name in nodes}
    for flow in overview.flows:
        if flow.wire.pipeline == pipeline and flow.per_second is not None and flow.wire.source in leaving:
            leaving[flow.wire.source].append(flow.per_second)
    steps = "".join(_step(name, nodes.get(name), leaving.get(name, [])) for name in overview.pipelines[pipeline])
    return f'<li data-key="chain-{text(pipeline)}"><h3>{text(pipeline)}</h3><ol>{steps}</ol></li>'


def _step(name: str, node: Node | None, leaving: Sequence[float]) -> str:
    part = part_of(name)
    facts, is_bad = _facts(node) if node else ("", False)
    said = facts or (f"{number(max(leaving))}/s" if leaving else "")
    mood = _MOODS.get(node.status, "bad" if "Error" in node.status else "quiet") if node else "quiet"
    shown = f' <span class="facts{" bad" if is_bad else ""}">{text(said)}</span>' if said else ""
    return f'<li class="{mood}"><span class="kind">{text(part.kind)}</span> {text(part.id)}{shown}</li>'
