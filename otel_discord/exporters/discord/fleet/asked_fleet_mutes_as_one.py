"""What several shards tell of one silence or one maintenance window, as one. Pure functions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from otel_discord.component.maintenance import MaintenanceWindow
from otel_discord.component.silences import Silence

T = TypeVar("T")


def one_silence(same: Iterable[Silence]) -> Silence:
    """Return what is told of one silence by several shards: the same, with the sum of what it has silenced."""
    told = list(same)
    return replace(
        told[0],
        active=any(each.active for each in told),
        silenced_records=sum(each.silenced_records for each in told),
    )


def one_window(same: Iterable[MaintenanceWindow]) -> MaintenanceWindow:
    """Return what is told of one window by several shards; one that somebody has started comes before a configured."""
    told = sorted(same, key=lambda each: (each.configured, not each.active))
    first = told[0]
    of_all = any(not each.destinations for each in told)
    return replace(
        first,
        active=any(each.active for each in told),
        configured=all(each.configured for each in told),
        destinations=() if of_all else tuple(sorted({name for each in told for name in each.destinations})),
        since_ns=min((each.since_ns for each in told if each.since_ns), default=0),
        until_ns=max(each.until_ns for each in told),
        next_ns=min((each.next_ns for each in told if each.next_ns), default=0),
        held_problems=sum(each.held_problems for each in told),
        held_records=sum(each.held_records for each in told),
        dropped_records=sum(each.dropped_records for each in told),
        unpinged_records=sum(each.unpinged_records for each in told),
    )


def by_name(answers: Mapping[int, Sequence[T]], name: Callable[[T], str]) -> list[list[T]]:
    """Return what all shards have told, by what it is told of, in the order in which they come up first."""
    found: dict[str, list[T]] = {}
    for told in answers.values():
        for each in told:
            found.setdefault(name(each), []).append(each)
    return list(found.values())
