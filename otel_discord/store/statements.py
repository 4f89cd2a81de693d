"""Pieces of SQL that the operations share. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from otel_discord.store.schema import Table
from otel_discord.store.work import ByIds, Query, Value

Id = TypeVar("Id", int, str)

_MOST_MARKS: Final = 500
"""In one ``IN (…)``; databases have limits far above it."""

BY_ID_OF_OWNER: Final = "owner || '' = ? AND id"
"""Rows by their ids, those of others excepted. Written so that the ids are looked up and the owner is compared: a
planner that took an index of the owner's rows would read a million of them for ten."""


def columns(table: Table) -> str:
    """Return a row's columns, payload last."""
    return ", ".join(table.columns)


def head_columns(table: Table) -> str:
    """Return a row's columns without its payload."""
    return ", ".join(table.columns[:-1])


def marks(count: int) -> str:
    """Return ``count`` marks for parameters."""
    return ", ".join("?" * count)


def by_ids(before: str, ids: Sequence[int], *fixed: Value, after: str = "") -> Query:
    """Return the query about rows by their ids: ``before`` ends before ``IN`` and has a mark for each of ``fixed``.

    Each row of its answer begins with its id.
    """
    return Query(f"{before} IN ({marks(len(ids))}){after}", (*fixed, *ids), by_ids=ByIds(before, fixed, ids, after))


def portions(ids: Iterable[Id]) -> Iterator[list[Id]]:
    """Yield ids in their order, each once, as many at a time as a statement takes."""
    rest = iter(dict.fromkeys(ids))
    while portion := list(islice(rest, _MOST_MARKS)):
        yield portion
