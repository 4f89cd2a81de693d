"""An entry's condition or statement, read for its context."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from otel_discord.ottl import ContextKind, OttlSyntaxError, parse_condition, parse_statement
from otel_discord.ottl.functions import FUNCTIONS
from otel_discord.ottl.inferred import context_of
from otel_discord.ottl.registry import Arguments, Function, Getter
from otel_discord.signals import Signal


def _route(_arguments: Arguments) -> Getter:
    return lambda _item: None


_EDITORS: Final = ("delete_key", "delete_matching_keys")
ROUTE_FUNCTIONS: Final = {
    **{name: function for name, function in FUNCTIONS.items() if not function.is_editor or name in _EDITORS},
    "route": Function("route", (), _route, pure=False),
}
"""Converters, ``route()`` which changes nothing, and the editors that contrib has here."""


@dataclass(frozen=True, slots=True)
class RouteText:
    """What it looks at, what tells whether it holds, and whether that changes the item."""

    text: str
    context: ContextKind
    matches: Callable[[Any], bool]
    edits: bool


@dataclass(frozen=True, slots=True)
class WrongText:
    """A text that cannot be read; the message has the column."""

    message: str


_condition = partial(parse_condition, clock=time.time_ns, functions=ROUTE_FUNCTIONS)
_statement = partial(parse_statement, clock=time.time_ns, functions=ROUTE_FUNCTIONS)


def read_route(
    condition: str, statement: str, context: ContextKind | None, signals: Sequence[Signal]
) -> RouteText | WrongText:
    """Return one of the two texts, read. Without a context it is found out among those of the signals."""
    text = condition or statement
    parse = _condition if condition else _statement
    try:
        kind = context or _found_out(text, parse, signals)
        parsed = parse(text, kind)
    except OttlSyntaxError as error:
        return WrongText(str(error))
    return RouteText(text, kind, parsed, edits=bool(statement) and not statement.lstrip().startswith("route("))


def _found_out(text: str, parse: Callable[..., Any], signals: Sequence[Signal]) -> ContextKind:
    """Return the context that the prefixes speak of; without prefixes it is the resource, as in contrib.

    Raises:
        OttlSyntaxError: neither is possible.
    """
    refused: OttlSyntaxError | None = None
    for signal in signals or [Signal.LOGS]:
        try:
            kind = context_of([(text, parse)], signal)
        except OttlSyntaxError as error:
            refused = refused or error
            continue
        if kind is ContextKind.SPANEVENT:
            raise OttlSyntaxError("span events cannot be routed, only spans", text, 1)
        return kind
    try:
        parse(text, ContextKind.RESOURCE)
    except OttlSyntaxError as error:
        raise refused or error from None
    return ContextKind.RESOURCE
