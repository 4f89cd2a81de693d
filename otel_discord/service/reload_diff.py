"""What a reload has to exchange, and in which steps. Pure: decides, touches nothing.

A component is kept when it is the same in every respect and everything that it asked the host for stays. An exporter,
receiver or extension may own what exists once (a queue under its name, a port, a directory), so it closes before its
successor opens; processors and connectors open beside the old ones and take over in one step.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from otel_discord.component import Kind
from otel_discord.service.blueprint import Blueprint, Identity, name_of
from otel_discord.service.graph import Node

_BESIDE = (Kind.PROCESSOR, Kind.CONNECTOR)


@dataclass(frozen=True, slots=True)
class Difference:
    """Every component of the old and of the new configuration, in exactly one of four places."""

    kept: tuple[Node, ...]
    changed: Mapping[Node, str]
    """Why each of them is exchanged."""
    added: tuple[Node, ...]
    removed: tuple[Node, ...]


class Action(StrEnum):
    """What is done to one component."""

    CLOSE = "close"
    """And wait for it."""
    OPEN = "open"
    REPLACE = "replace"
    """Open beside the old one, which waits for its RETIRE."""
    REPOINT = "repoint"
    """Let the data take the new ways, all at once."""
    RETIRE = "retire"
    """Close once everything else is done, in the background."""


@dataclass(frozen=True, slots=True)
class Step:
    """One action; REPOINT has no node."""

    action: Action
    node: Node | None = None


def difference(running: Mapping[Node, Identity], new: Blueprint, needs: Mapping[Node, Collection[Node]]) -> Difference:
    """Compare what runs with what shall run. ``needs`` has the extensions that each running component asked for."""
    changed = {
        node: _why(running[node], new.identities[node])
        for node in new.order
        if node in running and running[node] != new.identities[node]
    }
    removed = tuple(node for node in running if node not in new.identities)
    # Extensions may need extensions, so this goes on until nothing follows any more.
    following = True
    while following:
        following = False
        for node in new.order:
            if node not in running or node in changed:
                continue
            cause = next((each for each in needs.get(node, ()) if each in changed), None)
            if cause is not None:
                changed[node] = f"uses {name_of(cause)}"
                following = True
    return Difference(
        kept=tuple(node for node in new.order if node in running and node not in changed),
        changed={node: changed[node] for node in new.order if node in changed},
        added=tuple(node for node in new.order if node not in running),
        removed=removed,
    )


def _why(before: Identity, after: Identity) -> str:
    if before.factory != after.factory or before.config != after.config:
        return "configuration"
    if before.contents != after.contents:
        return "a file that it names"
    return "pipelines"


def unmet_needs(found: Difference, needs: Mapping[Node, Collection[Node]]) -> Iterator[str]:
    """Yield a line for each component that stays as it is and would lose an extension that it uses."""
    for node in (*found.kept, *(node for node, why in found.changed.items() if why.startswith("uses "))):
        for each in needs.get(node, ()):
            if each in found.removed:
                yield f"{name_of(node)} uses {name_of(each)}, which service::extensions does not list any more"


def steps(
    found: Difference, running: Sequence[Node], new: Blueprint, needs: Mapping[Node, Collection[Node]]
) -> tuple[Step, ...]:
    """Return what to do, in order. ``running`` has what runs in the order in which it opened.

    First come extensions, with all that uses them; then, downstream first, exporters one after the other, and
    processors and connectors beside the old ones; then data takes the new ways; then receivers are exchanged. What is
    left over is retired at the end, upstream first.
    """
    leaving = {*found.changed, *found.removed}
    lingering = _lingering(found, needs)
    stopping = [node for node in running if node.kind is Kind.EXTENSION and node in leaving and node not in lingering]
    first = [node for node in running if node in leaving and _uses(node, stopping, needs) and node not in stopping]
    done: list[Step] = []
    done += [Step(Action.CLOSE, node) for node in reversed(first)]
    done += [Step(Action.CLOSE, node) for node in reversed(stopping)]
    running_still = set(running) - set(first) - set(stopping)
    to_open = {*found.changed, *found.added}
    for node in new.order:
        if node not in to_open or node.kind is Kind.RECEIVER:
            continue
        if node not in running_still:
            done.append(Step(Action.OPEN, node))
        elif node.kind in _BESIDE:
            done.append(Step(Action.REPLACE, node))
        else:
            done += [Step(Action.CLOSE, node), Step(Action.OPEN, node)]
    done.append(Step(Action.REPOINT))
    left = [node for node in reversed(running) if node in leaving and node in running_still]
    done += [Step(Action.CLOSE, node) for node in left if node.kind is Kind.RECEIVER]
    done += [Step(Action.OPEN, node) for node in new.order if node.kind is Kind.RECEIVER and node in to_open]
    done += [Step(Action.RETIRE, node) for node in left if _retires(node, found)]
    return tuple(done)


def _retires(node: Node, found: Difference) -> bool:
    return node.kind in _BESIDE or (node.kind in (Kind.EXPORTER, Kind.EXTENSION) and node in found.removed)


def _lingering(found: Difference, needs: Mapping[Node, Collection[Node]]) -> set[Node]:
    """Return the removed extensions that a removed component still uses while it finishes."""
    lingering: set[Node] = set()
    waiting = [node for node in found.removed if node.kind not in (Kind.RECEIVER, Kind.EXTENSION)]
    while waiting:
        for each in needs.get(waiting.pop(), ()):
            if each in found.removed and each not in lingering:
                lingering.add(each)
                waiting.append(each)
    while hasty := [each for each in lingering if _uses(each, found.changed, needs)]:
        lingering.difference_update(hasty)
    return lingering


def _uses(node: Node, extensions: Collection[Node], needs: Mapping[Node, Collection[Node]]) -> bool:
    return any(each in extensions for each in needs.get(node, ()))
