"""A group of statements as it is written, and what it is run for."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from otel_discord.ottl import (
    Condition,
    ContextKind,
    ErrorMode,
    OttlSyntaxError,
    Statement,
    parse_condition,
    parse_statement,
)
from otel_discord.ottl.inferred import SIGNAL_CONTEXTS, context_of
from otel_discord.processors.transform.functions import TRANSFORM_FUNCTIONS
from otel_discord.signals import Signal


@dataclass(frozen=True, slots=True)
class Texts:
    """Statements and conditions by where they are written, and what the user says of them."""

    statements: Mapping[str, str]
    conditions: Mapping[str, str] = field(default_factory=dict)
    context: ContextKind | None = None
    shared_cache: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Statements ready to run; without conditions they are run for each item of the context."""

    context: ContextKind
    statements: tuple[Statement, ...]
    conditions: tuple[Condition, ...]
    error_mode: ErrorMode
    shared_cache: bool


@dataclass(frozen=True, slots=True)
class WrongText:
    """A text that cannot be read; the message has the column."""

    path: str
    message: str


_statement = partial(parse_statement, clock=time.time_ns, functions=TRANSFORM_FUNCTIONS)
_condition = partial(parse_condition, clock=time.time_ns, functions=TRANSFORM_FUNCTIONS)


def read_group(texts: Texts, signal: Signal, path: str, error_mode: ErrorMode) -> Group | WrongText:
    """Return the group, or what is wrong with it. ``path`` is that of the group itself."""
    written = {**texts.statements, **texts.conditions}
    try:
        context = texts.context or _inferred(texts, signal)
        if context not in SIGNAL_CONTEXTS[signal]:
            known = ", ".join(SIGNAL_CONTEXTS[signal])
            return WrongText(f"{path}::context", f'"{context}" is not one for {signal}: {known}')
        return Group(
            context,
            tuple(_statement(text, context) for text in texts.statements.values()),
            tuple(_condition(text, context) for text in texts.conditions.values()),
            error_mode,
            texts.shared_cache,
        )
    except OttlSyntaxError as error:
        where = next((place for place, text in written.items() if text == error.text), path)
        return WrongText(where, str(error))


def _inferred(texts: Texts, signal: Signal) -> ContextKind:
    statements = [(text, _statement) for text in texts.statements.values()]
    conditions = [(text, _condition) for text in texts.conditions.values()]
    return context_of([*statements, *conditions], signal)
