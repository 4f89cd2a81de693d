"""What the user writes under ``processors::transform``: contrib's keys, in both of its forms."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from otel_discord.config import StrictModel
from otel_discord.config.problem import SeveralError
from otel_discord.ottl import ContextKind, ErrorMode
from otel_discord.processors.transform.group import Group, Texts, WrongText, read_group
from otel_discord.signals import Signal


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class StatementGroup(StrictModel):
    """Statements with settings of their own."""

    context: Annotated[ContextKind | None, BeforeValidator(_lower)] = None
    """What they are run for: resource, scope, log, span, spanevent, metric, datapoint. Without it the prefixes of
    their paths say so."""
    conditions: tuple[str, ...] = ()
    """OTTL; the statements are run where one of them holds. Without conditions everywhere."""
    statements: Annotated[tuple[str, ...], Field(min_length=1)]
    """OTTL, run one after another."""
    error_mode: ErrorMode | None = None
    """ignore, silent or propagate; without it that of the processor."""
    shared_cache: bool = False
    """Whether `cache` is one for all groups that say so and all items of a batch, not a new one for each item."""


def _kind(value: Any) -> str:
    return "group" if isinstance(value, dict | StatementGroup) else "text"


Statements: TypeAlias = tuple[
    Annotated[Annotated[str, Tag("text")] | Annotated[StatementGroup, Tag("group")], Discriminator(_kind)], ...
]
"""Texts and groups; told apart before they are read, so that what is wrong with a group is said of the group."""

KEYS: Final = {
    Signal.LOGS: "log_statements",
    Signal.METRICS: "metric_statements",
    Signal.TRACES: "trace_statements",
}


class TransformConfig(StrictModel):
    """What is changed, and how."""

    error_mode: ErrorMode = ErrorMode.IGNORE
    """What a statement that fails does: `ignore` logs it and goes on with the next one, `silent` does not log it,
    `propagate` refuses the batch."""
    log_statements: Statements = ()
    """Statements for logs: texts with prefixes `resource`, `scope`, `log`, or groups with settings."""
    metric_statements: Statements = ()
    """Statements for metrics: texts with prefixes `resource`, `scope`, `metric`, `datapoint`, or groups."""
    trace_statements: Statements = ()
    """Statements for traces: texts with prefixes `resource`, `scope`, `span`, `spanevent`, or groups."""

    @model_validator(mode="after")
    def _reads(self) -> "TransformConfig":
        problems = []
        for signal, key in KEYS.items():
            kinds = {isinstance(each, str) for each in getattr(self, key)}
            if len(kinds) > 1:
                problems.append(f"{key}: has texts and groups; write either all as texts, or all in groups")
                continue
            found = list(self.groups(signal))
            problems += [f"{each.path}: {each.message}" for each in found if isinstance(each, WrongText)]
        if problems:
            raise SeveralError(problems)
        return self

    def groups(self, signal: Signal) -> Iterator[Group | WrongText]:
        """Yield the groups of a signal with their contexts; texts alone are one group."""
        key = KEYS[signal]
        written: Statements = getattr(self, key)
        flat = [each for each in written if isinstance(each, str)]
        if flat:
            texts = Texts(statements={f"{key}::{place}": text for place, text in enumerate(flat)})
            yield read_group(texts, signal, key, self.error_mode)
        for place, each in enumerate(written):
            if isinstance(each, StatementGroup):
                path = f"{key}::{place}"
                texts = Texts(
                    {f"{path}::statements::{inner}": text for inner, text in enumerate(each.statements)},
                    {f"{path}::conditions::{inner}": text for inner, text in enumerate(each.conditions)},
                    each.context,
                    each.shared_cache,
                )
                yield read_group(texts, signal, path, each.error_mode or self.error_mode)
