"""A batch of some members of another one, which stays as it is; what is left out is never copied."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from otel_discord.signals.batch import Batch, Signal
from otel_discord.signals.otlp_service import OTLP_SERVICES

Picks: TypeAlias = Sequence[Sequence[Any] | None]
"""For each scope group of a batch, in order: its members (records, spans, metrics, or what stands in for one of them)
that go along, or None for all as they are."""

_FIELDS: Final = {
    Signal.LOGS: ("resource_logs", "scope_logs", "log_records"),
    Signal.METRICS: ("resource_metrics", "scope_metrics", "metrics"),
    Signal.TRACES: ("resource_spans", "scope_spans", "spans"),
}
"""Fields of a request: its resources, their scopes, the members of these."""


def scope_groups(batch: Batch) -> Iterator[tuple[Any, Any, Any]]:
    """Yield each scope group (ScopeLogs, …) as its resource's group, itself, and its members, in order."""
    resources, scopes, members = _FIELDS[batch.signal]
    for group in getattr(batch.request, resources):
        for scope_group in getattr(group, scopes):
            yield group, scope_group, getattr(scope_group, members)


def select(batch: Batch, picks: Picks) -> Batch | None:
    """Return a batch of what is picked: the same one where that is all of it, None where it is nothing.

    Resources and scopes of which nothing is picked are left out.
    """
    if all(pick is None for pick in picks):
        return batch
    resources, scopes, members = _FIELDS[batch.signal]
    service = OTLP_SERVICES[batch.signal]
    request = service.request()
    remaining = iter(picks)
    for group in getattr(batch.request, resources):
        of_group = [(scope_group, next(remaining)) for scope_group in getattr(group, scopes)]
        kept = [(scope_group, pick) for scope_group, pick in of_group if pick is None or pick]
        if not kept:
            continue
        copy = getattr(request, resources).add()
        if all(pick is None for _, pick in of_group):
            copy.CopyFrom(group)
            continue
        _copy_around(copy, group, scopes)
        for scope_group, pick in kept:
            inner = getattr(copy, scopes).add()
            if pick is None:
                inner.CopyFrom(scope_group)
            else:
                _copy_around(inner, scope_group, members)
                getattr(inner, members).extend(pick)
    return service.batch(request) if len(getattr(request, resources)) else None


def _copy_around(copy: Any, message: Any, left_out: str) -> None:
    for field, value in message.ListFields():
        if field.name == left_out:
            continue
        if field.message_type is None:
            setattr(copy, field.name, value)
        else:
            getattr(copy, field.name).CopyFrom(value)
