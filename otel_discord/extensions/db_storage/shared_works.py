"""Tables that several processes share: each change is numbered, so that others see cheaply what is new. Works. Pure.

Who changes something locks the owner's version first: changes of one owner become visible in the order of their
numbers, and two that swap the same value do so one after the other.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from otel_discord.store.operations_tables import Found, Swapped, put_in_table, swap_in_table, table_items
from otel_discord.store.rows import payload_of
from otel_discord.store.schema import STATE
from otel_discord.store.work import Access, Many, Query, Steps, Work

KEPT: Final = 10_000
"""So many changes are looked up; who missed more reads everything."""
_CLEARED_EACH: Final = 256
_KEY: Final = STATE.columns.index("key")
_COLUMNS: Final = ", ".join(f"s.{name}" for name in STATE.columns)
_NEXT: Final = (
    "INSERT INTO table_versions (owner, version) VALUES (?, 1)"
    " ON CONFLICT (owner) DO UPDATE SET version = table_versions.version + 1 RETURNING version"
)
_NOTE: Final = (
    "INSERT INTO table_changes (owner, key, version) VALUES (?, ?, ?)"
    " ON CONFLICT (owner, key) DO UPDATE SET version = excluded.version"
)
_CHANGED: Final = (
    f"SELECT c.key, {_COLUMNS} FROM table_changes c LEFT JOIN state s ON s.owner = c.owner AND s.key = c.key"  # noqa: S608
    " WHERE c.owner = ? AND c.version > ? ORDER BY c.version"
)


class Seen(NamedTuple):
    """A version, and what has changed up to it; ``is_all``: everything there is."""

    version: int
    values: dict[str, bytes | None]
    damaged: list[str]
    is_all: bool


def put_in_shared_table(owner: str, changes: Mapping[str, bytes | None]) -> Work[None]:
    """Store values, or with None remove them."""

    def steps() -> Steps[None]:
        yield from _numbered(owner, changes)
        yield from put_in_table(owner, changes).steps()

    return Work("shared_table_put", Access.SETTLE, steps)


def swap_in_shared_table(owner: str, key: str, expected: bytes | None, value: bytes | None) -> Work[Swapped]:
    """Store or remove a value if it is as expected."""

    def steps() -> Steps[Swapped]:
        yield Query("INSERT INTO table_versions (owner) VALUES (?) ON CONFLICT (owner) DO NOTHING", (owner,))
        yield Query("SELECT version FROM table_versions WHERE owner = ? FOR UPDATE", (owner,))
        swapped = yield from swap_in_table(owner, key, expected, value).steps()
        if swapped.done:
            yield from _numbered(owner, (key,))
        return swapped

    return Work("shared_table_swap", Access.SETTLE, steps)


def shared_changes(owner: str, since: int) -> Work[Seen]:
    """Read what has changed since a version; what changes meanwhile may be among it, and is told again next time."""

    def steps() -> Steps[Seen]:
        rows = yield Query("SELECT version FROM table_versions WHERE owner = ?", (owner,))
        version = int(rows[0][0]) if rows else 0
        if version == since:
            return Seen(version, {}, [], is_all=False)
        if since < max(0, version - KEPT) or since > version:
            found: Found = yield from table_items(owner).steps()
            return Seen(version, dict(found.values), found.damaged, is_all=True)
        values: dict[str, bytes | None] = {}
        damaged: list[str] = []
        for key, *row in (yield Query(_CHANGED, (owner, since))):
            is_there = row[_KEY] is not None
            values[key] = payload_of(STATE, tuple(row)) if is_there else None
            if is_there and values[key] is None:
                damaged.append(key)
        return Seen(version, values, damaged, is_all=False)

    return Work("shared_table_changes", Access.READ, steps)


def _numbered(owner: str, keys: Iterable[str]) -> Steps[None]:
    rows = yield Query(_NEXT, (owner,))
    version = int(rows[0][0])
    yield Many(_NOTE, [(owner, key, version) for key in keys])
    if version % _CLEARED_EACH == 0:
        yield Query("DELETE FROM table_changes WHERE owner = ? AND version <= ?", (owner, version - KEPT))
