"""The table of one signal, ready to be asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from otel_discord.connectors.routing.config import Action, RoutingConfig
from otel_discord.connectors.routing.route_text import RouteText
from otel_discord.ottl import ContextKind, ErrorMode, OnError, OttlError
from otel_discord.ottl.inferred import SIGNAL_CONTEXTS
from otel_discord.signals import Signal


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: where what matches goes, and whether it is gone for those after it."""

    context: ContextKind
    matches: Callable[[Any], bool]
    pipelines: tuple[str, ...]
    moves: bool
    edits: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Entries of one signal, and the pipelines for the rest."""

    entries: tuple[Entry, ...]
    default: tuple[str, ...]


def table_of(config: RoutingConfig, signal: Signal, on_error: OnError) -> Table:
    """Return what of the table is about a signal: entries with pipelines of it and a context that it has."""
    entries = []
    for route in config.table:
        pipelines = _of_signal(route.pipelines, signal)
        read = route.read()
        if pipelines and isinstance(read, RouteText) and read.context in SIGNAL_CONTEXTS[signal]:
            matches = _guarded(read, config.error_mode, on_error)
            entries.append(Entry(read.context, matches, pipelines, route.action is Action.MOVE, read.edits))
    return Table(tuple(entries), _of_signal(config.default_pipelines, signal))


def _of_signal(pipelines: Sequence[str], signal: Signal) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in pipelines if name.partition("/")[0] == signal))


def _guarded(read: RouteText, mode: ErrorMode, on_error: OnError) -> Callable[[Any], bool]:
    matches, text = read.matches, read.text
    if mode is ErrorMode.PROPAGATE:
        return matches

    def guarded(item: Any) -> bool:
        try:
            return matches(item)
        except OttlError as error:
            if mode is ErrorMode.IGNORE:
                on_error(text, error)
            return False

    return guarded
