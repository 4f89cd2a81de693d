"""Lists of conditions as users write them: texts, or groups of texts with settings; read once, with their places."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from otel_discord.config import StrictModel
from otel_discord.ottl import ContextKind, ErrorMode, OttlSyntaxError, infer_context, parse_condition
from otel_discord.ottl.inferred import SIGNAL_CONTEXTS, context_of
from otel_discord.signals import Signal


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class ConditionGroup(StrictModel):
    """Conditions with settings of their own."""

    context: Annotated[ContextKind | None, BeforeValidator(_lower)] = None
    """What they look at: resource, scope, log, span, spanevent, metric, datapoint. Without it the prefixes of their
    paths say so."""
    conditions: Annotated[tuple[str, ...], Field(min_length=1)]
    """OTTL, joined by or."""
    error_mode: ErrorMode | None = None
    """ignore, silent or propagate; without it that of the processor."""


def _kind(value: Any) -> str:
    return "group" if isinstance(value, dict | ConditionGroup) else "text"


Conditions: TypeAlias = tuple[
    Annotated[Annotated[str, Tag("text")] | Annotated[ConditionGroup, Tag("group")], Discriminator(_kind)], ...
]
"""Texts and groups; told apart before they are read, so that what is wrong with a group is said of the group."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition: where it is written (below the processor), its text, what it looks at, its own error mode."""

    path: str
    text: str
    context: ContextKind
    error_mode: ErrorMode | None = None


@dataclass(frozen=True, slots=True)
class WrongRule:
    """A text that is no condition; the message has the column."""

    path: str
    message: str


def rules_of(path: str, texts: Sequence[str], context: ContextKind) -> Iterator[Rule | WrongRule]:
    """Yield the conditions of a list that is about one context."""
    for place, text in enumerate(texts):
        yield _rule(f"{path}::{place}", text, context, None)


def inferred_rules_of(path: str, conditions: Conditions, signals: Sequence[Signal]) -> Iterator[Rule | WrongRule]:
    """Yield the conditions of a list whose contexts are found out, each for itself, among those of some signals."""
    for place, each in enumerate(conditions):
        if isinstance(each, str):
            yield _inferred(f"{path}::{place}", each, signals, None)
            continue
        for inner, text in enumerate(each.conditions):
            where = f"{path}::{place}::conditions::{inner}"
            if each.context is None:
                yield _inferred(where, text, signals, each.error_mode)
            elif not any(each.context in SIGNAL_CONTEXTS[signal] for signal in signals):
                yield WrongRule(f"{path}::{place}::context", f'"{each.context}" is not among {", ".join(signals)}')
            else:
                yield _rule(where, text, each.context, each.error_mode)


def _rule(path: str, text: str, context: ContextKind, mode: ErrorMode | None) -> Rule | WrongRule:
    try:
        parse_condition(text, context)
    except OttlSyntaxError as error:
        return WrongRule(path, str(error))
    return Rule(path, text, context, mode)


def _inferred(path: str, text: str, signals: Sequence[Signal], mode: ErrorMode | None) -> Rule | WrongRule:
    try:
        likely = signals[0] if len(signals) == 1 else _likely_signal(text)
        return Rule(path, text, context_of([(text, parse_condition)], likely), mode)
    except OttlSyntaxError as error:
        return WrongRule(path, str(error))


def _likely_signal(text: str) -> Signal:
    """Return the signal that the prefixes speak of; logs where any will do."""
    kind = infer_context([text], default=ContextKind.LOG)
    return next(signal for signal, contexts in SIGNAL_CONTEXTS.items() if kind in contexts)
