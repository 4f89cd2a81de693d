"""A whole store read and written a portion at a time, whatever is in it: for moving it from one database into another.

Until it is complete the target is marked, and no queue opens on it. Rows go as they are, damaged ones too. Pure.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from otel_discord.component.errors import StartError
from otel_discord.store.numbering import NUMBERED, key_of, last_ids
from otel_discord.store.rows import is_sound_number
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, MESSAGES, META, POSTED, STATE, Table
from otel_discord.store.spreading import forget_all_spreads
from otel_discord.store.statements import columns, marks
from otel_discord.store.work import Access, Many, Query, Row, Steps, Value, Work

MOVED: Final = (BATCHES, CARDS, LETTERS, STATE, MESSAGES, POSTED)
"""The tables, in the order in which they are moved."""
UNFINISHED_KEY: Final = "unfinished_transfer"
_SHARD: Final = re.compile(r"(?P<owner>.+/(?:logs|metrics|traces))#(?P<shard>[1-9][0-9]*)")
"""``component.fleet.shard_owner``; a component's own name ends before the signal, whatever is in it."""
_MOST_ROWS: Final = 500
_MOST_BYTES: Final = 4 << 20


def key_columns(table: Table) -> tuple[str, ...]:
    """Return what a row is found by."""
    return table.columns[: 2 if table is STATE else 1]


def key_of_row(table: Table, row: Row) -> tuple[Value, ...]:
    """Return a row's own."""
    return tuple(row[: len(key_columns(table))])


@dataclass(slots=True)
class Digest:
    """Tells whether rows are the same in the same order."""

    rows: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    def add(self, rows: Sequence[Row]) -> None:
        """Go on with rows."""
        self.rows += len(rows)
        for row in rows:
            *values, payload = row
            bound = payload if isinstance(payload, bytes) else repr(payload).encode()
            self._hash.update(f"{tuple(values)!a}{len(bound)}:".encode("ascii"))
            self._hash.update(bound)

    @property
    def value(self) -> tuple[int, str]:
        """How many rows there were, and their checksum."""
        return self.rows, self._hash.hexdigest()


def read_portion(table: Table, after: Sequence[Value] | None) -> Work[list[Row]]:
    """Read the rows that come next in the order of their keys; none: that was all."""
    keys = ", ".join(key_columns(table))
    behind = f" WHERE ({keys}) > ({marks(len(key_columns(table)))})" if after is not None else ""

    def steps() -> Steps[list[Row]]:
        sizes = yield Query(
            f"SELECT {keys}, length(payload) FROM {table.name}{behind} ORDER BY {keys} LIMIT {_MOST_ROWS}",  # noqa: S608
            tuple(after or ()),
        )
        size_bytes = count = 0
        for row in sizes:
            size_bytes += int(row[-1] or 0)
            count += 1
            if size_bytes >= _MOST_BYTES:
                break
        if not count:
            return []
        rows = yield Query(
            f"SELECT {columns(table)} FROM {table.name}{behind} ORDER BY {keys} LIMIT {count}",  # noqa: S608
            tuple(after or ()),
        )
        return rows

    return Work("transfer_read", Access.READ, steps)


def write_portion(table: Table, rows: Sequence[Row]) -> Work[None]:
    """Store rows in place of those with their keys."""

    def steps() -> Steps[None]:
        found = " AND ".join(f"{name} = ?" for name in key_columns(table))
        yield Many(f"DELETE FROM {table.name} WHERE {found}", [key_of_row(table, row) for row in rows])  # noqa: S608
        yield Many(table.insert, rows)

    return Work("transfer_write", Access.SETTLE, steps)


def begin_transfer() -> Work[None]:
    """Mark a target; what an earlier transfer that was not completed has left is removed.

    The work raises:
        StartError: it holds something of its own; nothing is touched.
    """

    def steps() -> Steps[None]:
        marked = yield from _is_marked()
        for table in MOVED:
            if marked:
                yield Query(f"DELETE FROM {table.name}")  # noqa: S608 - names of ours
                continue
            rows = yield Query(f"SELECT 1 FROM {table.name} LIMIT 1")  # noqa: S608 - names of ours
            if rows:
                raise StartError("the store to move into is not empty; nothing was changed: name an empty one")
        if not marked:
            yield Query(META.insert, (UNFINISHED_KEY, 1, -1))

    return Work("transfer_begin", Access.SETTLE, steps)


def read_numbers() -> Work[dict[str, int]]:
    """Read the last number of each table: noted, or of its sequence."""

    def steps() -> Steps[dict[str, int]]:
        return (yield from last_ids())

    return Work("transfer_numbers", Access.SETTLE, steps)


def complete_transfer(numbers: dict[str, int]) -> Work[None]:
    """Let numbering go on where the source's ended, and let queues open."""

    def steps() -> Steps[None]:
        for table in NUMBERED:
            key, last = key_of(table.name), numbers[table.name]
            yield Query("DELETE FROM meta WHERE key = ?", (key,))
            yield Query(META.insert, (key, last, -last))
        yield from forget_all_spreads()
        yield Query("DELETE FROM meta WHERE key = ?", (UNFINISHED_KEY,))

    return Work("transfer_complete", Access.SETTLE, steps)


def next_owner(table: Table, after: str) -> Work[str | None]:
    """Find the owner that comes next among a table's rows."""

    def steps() -> Steps[str | None]:
        rows = yield Query(f"SELECT owner FROM {table.name} WHERE owner > ? ORDER BY owner LIMIT 1", (after,))  # noqa: S608
        return str(rows[0][0]) if rows else None

    return Work("next_owner", Access.READ, steps)


def shards_among(owners: Collection[str]) -> list[list[str]]:
    """Return, for each owner whose rows are in shards, its own name and then the shards', as far as there are any."""
    found: dict[str, list[tuple[int, str]]] = {}
    for each in owners:
        match = _SHARD.fullmatch(each)
        if match is not None:
            found.setdefault(match["owner"], []).append((int(match["shard"]), each))
    return [[owner, *(name for _, name in sorted(shards))] for owner, shards in sorted(found.items())]


def refuse_if_unfinished() -> Steps[None]:
    """Open nothing on half a store.

    Raises:
        StartError: a transfer into it was not completed.
    """
    if (yield from _is_marked()):
        raise StartError(
            "moving a store into this one was not completed: run migrate-storage again (the old one has everything)"
        )


def _is_marked() -> Steps[bool]:
    rows = yield Query("SELECT key, value, mirror FROM meta WHERE key = ?", (UNFINISHED_KEY,))
    return bool(rows) and is_sound_number(rows[0])
