"""Groups of statements run over a batch. The batch is not changed; what comes back may be a changed copy."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.ottl import (
    ConditionSequence,
    ContextKind,
    Item,
    OnError,
    StatementSequence,
    Value,
    each_data_point,
    each_log,
    each_metric,
    each_resource,
    each_scope,
    each_span,
    each_span_event,
)
from otel_discord.processors.attributes.walk import copy_of
from otel_discord.processors.transform.group import Group
from otel_discord.signals import Batch

_ITEMS: Final[Mapping[ContextKind, Callable[[Any], Iterable[Item]]]] = {
    ContextKind.RESOURCE: each_resource,
    ContextKind.SCOPE: each_scope,
    ContextKind.LOG: each_log,
    ContextKind.SPAN: each_span,
    ContextKind.SPANEVENT: each_span_event,
    ContextKind.METRIC: each_metric,
    ContextKind.DATAPOINT: each_data_point,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A group, ready to run. ``matches`` is None where there are no conditions."""

    context: ContextKind
    matches: Callable[[Item], bool] | None
    run: Callable[[Item], bool]
    shared_cache: bool


def step_of(group: Group, on_error: OnError) -> Step:
    """Return a group with its errors told to ``on_error``."""
    mode = group.error_mode
    matches = ConditionSequence(group.conditions, mode, on_error).matches if group.conditions else None
    run = StatementSequence(group.statements, mode, on_error).run
    return Step(group.context, matches, run, group.shared_cache)


def transformed(batch: Batch, steps: Sequence[Step]) -> Batch:
    """Return a changed copy; the same batch where no statement was run.

    Raises:
        OttlError: a condition or statement of a group in mode propagate failed.
    """
    if not steps:
        return batch
    copy = copy_of(batch)
    caches: dict[ContextKind, dict[str, Value]] = {}
    ran = False
    for step in steps:
        for item in _ITEMS[step.context](copy):
            if step.shared_cache:
                item.cache = caches.setdefault(step.context, {})
            if step.matches is None or step.matches(item):
                ran = step.run(item) or ran
            if step.shared_cache:
                caches[step.context] = item.cache
    return copy if ran else batch
