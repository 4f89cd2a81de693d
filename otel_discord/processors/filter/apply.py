"""The rules applied to a batch: what goes on. Pure; the batch is not changed, only what stays of it is copied."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from otel_discord.ottl import (
    ContextKind,
    DataPointItem,
    LogItem,
    MetricItem,
    ResourceItem,
    ScopeItem,
    SpanEventItem,
    SpanItem,
)
from otel_discord.processors.filter.older import Test
from otel_discord.processors.filter.rules import Rules
from otel_discord.signals import Batch, LogsBatch, MetricsBatch, TracesBatch
from otel_discord.signals.selection import scope_groups, select

Pick: TypeAlias = Sequence[Any] | None
_LIMITS_MEMBERS = {
    ContextKind.RESOURCE,
    ContextKind.SCOPE,
    ContextKind.LOG,
    ContextKind.SPAN,
    ContextKind.METRIC,
}


def filtered(batch: Batch, rules: Rules) -> Batch | None:
    """Return what goes on: the same batch where nothing is dropped, None where everything is.

    Raises:
        OttlError: a condition of a group in mode propagate cannot be evaluated.
    """
    choose = _chooser(batch, rules)
    limits_members = not _LIMITS_MEMBERS.isdisjoint(rules.keep)
    picks: list[Pick] = []
    last_group, resource_dropped, resource_kept = None, False, False
    for group, scope_group, members in scope_groups(batch):
        if group is not last_group:
            last_group = group
            item = ResourceItem(group.resource, group)
            resource_dropped = _holds(rules.drop, ContextKind.RESOURCE, item)
            resource_kept = not resource_dropped and _holds(rules.keep, ContextKind.RESOURCE, item)
        if resource_dropped:
            picks.append(())
            continue
        scope = ScopeItem(scope_group.scope, group.resource, scope_group, group)
        if _holds(rules.drop, ContextKind.SCOPE, scope):
            picks.append(())
            continue
        kept = resource_kept or _holds(rules.keep, ContextKind.SCOPE, scope)
        picks.append(choose(group, scope_group, members, kept, limits_members))
    return select(batch, picks)


def _holds(tests: Any, context: ContextKind, item: Any) -> bool:
    test: Test | None = tests.get(context)
    return test is not None and test(item)


_Choose: TypeAlias = Callable[[Any, Any, Any, bool, bool], Pick]


def _chooser(batch: Batch, rules: Rules) -> _Choose:
    match batch:
        case LogsBatch():
            return _Members(rules, ContextKind.LOG, None, LogItem, "record").choose
        case TracesBatch():
            return _Spans(rules, ContextKind.SPAN, ContextKind.SPANEVENT, SpanItem, "span").choose
        case MetricsBatch():
            return _Metrics(rules, ContextKind.METRIC, ContextKind.DATAPOINT, MetricItem, "metric").choose


class _Members:
    """Chooses among the members of a scope: records, spans, metrics."""

    def __init__(
        self, rules: Rules, context: ContextKind, part: ContextKind | None, item: Callable[..., Any], field: str
    ) -> None:
        self._drop, self._keep = rules.drop.get(context), rules.keep.get(context)
        self._drop_part = rules.drop.get(part) if part else None
        self._keep_part = rules.keep.get(part) if part else None
        self._item, self._field = item, field

    def choose(self, group: Any, scope_group: Any, members: Any, kept: bool, limits_members: bool) -> Pick:
        """Return the members that stay, None where all stay as they are.

        ``kept``: a keep condition holds for the resource or the scope; ``limits_members``: there are keep conditions
        above the parts (span events, data points).
        """
        keeps_all = kept or (not limits_members and self._keep_part is None)
        if keeps_all and self._drop is None and self._drop_part is None:
            return None
        if self._drop_part is None and (keeps_all or self._keep_part is None):
            return self._whole(group, scope_group, members, keeps_all)
        stays = []
        changed = False
        item = self._item(None, scope_group.scope, group.resource, scope_group, group)
        for member in members:
            setattr(item, self._field, member)
            rest = self._rest(item, member, keeps_all, limits_members)
            if rest is not None:
                stays.append(rest)
            changed = changed or rest is not member
        return stays if changed else None

    def _whole(self, group: Any, scope_group: Any, members: Any, keeps_all: bool) -> Pick:
        """Choose without looking at parts; one item serves all members, since conditions write nothing."""
        drop, keep = self._drop, None if keeps_all else self._keep
        if keep is None and not keeps_all:
            return ()
        item, field = self._item(None, scope_group.scope, group.resource, scope_group, group), self._field
        stays = []
        for member in members:
            setattr(item, field, member)
            if (drop is None or not drop(item)) and (keep is None or keep(item)):
                stays.append(member)
        return None if len(stays) == len(members) else stays

    def _rest(self, item: Any, member: Any, keeps_all: bool, limits_members: bool) -> Any:
        """Return what stays of a member: itself, a copy with fewer parts, or None."""
        if self._drop is not None and self._drop(item):
            return None
        whole = keeps_all or (self._keep is not None and self._keep(item))
        if not whole and self._keep_part is None:
            return None
        keep_part = None if whole else self._keep_part
        stays = [
            (self._drop_part is None or not self._drop_part(part)) and (keep_part is None or keep_part(part))
            for part in self._parts(item, member)
        ]
        if not any(stays) and self._ends_with_its_parts(member, whole, limits_members):
            return None
        if all(stays):
            return member
        copy = type(member)()
        copy.CopyFrom(member)
        parts = self._list(copy)
        for place in reversed(range(len(stays))):
            if not stays[place]:
                del parts[place]
        return copy

    def _parts(self, item: Any, member: Any) -> Iterable[Any]:
        raise NotImplementedError

    def _list(self, member: Any) -> Any:
        raise NotImplementedError

    def _ends_with_its_parts(self, member: Any, whole: bool, limits_members: bool) -> bool:
        raise NotImplementedError


class _Spans(_Members):
    def _parts(self, item: Any, member: Any) -> Iterable[Any]:
        for index, event in enumerate(member.events):
            yield SpanEventItem(event, member, item.scope, item.resource, index, item.scope_spans, item.resource_spans)

    def _list(self, member: Any) -> Any:
        return member.events

    def _ends_with_its_parts(self, member: Any, whole: bool, limits_members: bool) -> bool:  # noqa: ARG002
        return not whole and limits_members


class _Metrics(_Members):
    def _parts(self, item: Any, member: Any) -> Iterable[Any]:
        for point in self._list(member):
            yield DataPointItem(point, member, item.scope, item.resource, item.scope_metrics, item.resource_metrics)

    def _list(self, member: Any) -> Any:
        kind = member.WhichOneof("data")
        return getattr(member, kind).data_points if kind else ()

    def _ends_with_its_parts(self, member: Any, whole: bool, limits_members: bool) -> bool:  # noqa: ARG002
        return member.WhichOneof("data") is not None or not whole
