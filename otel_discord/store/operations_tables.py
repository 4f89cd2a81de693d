"""What components remember: tables of small values by key. Each operation is a transaction. Pure.

They are rows of ``state``, whose owners are written so that no queue has one of the same name.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from otel_discord.store.rows import payload_of, seal
from otel_discord.store.schema import STATE
from otel_discord.store.statements import columns
from otel_discord.store.work import Access, Many, Query, Steps, Work

_KEY: Final = STATE.columns.index("key")
_OF_OWNER: Final = f"SELECT {columns(STATE)} FROM state WHERE owner = ?"  # noqa: S608 - names of ours
_OF_KEY: Final = f"{_OF_OWNER} AND key = ?"
_REMOVE: Final = "DELETE FROM state WHERE owner = ? AND key = ?"


class Found(NamedTuple):
    """What a table holds, and the keys of rows that are damaged."""

    values: dict[str, bytes]
    damaged: list[str]


class Swapped(NamedTuple):
    """Whether a value was as expected, and whether its row was found damaged: then it counted as none."""

    done: bool
    damaged: bool


def owner_of_table(owner: str) -> str:
    """Return the name under which a component's table is stored; a queue's begins with the type of its component, and
    no type has a colon."""
    return f"table:{owner}"


def table_items(owner: str) -> Work[Found]:
    """Read all values of an owner."""

    def steps() -> Steps[Found]:
        rows = yield Query(f"{_OF_OWNER} ORDER BY key", (owner,))
        found = Found({}, [])
        for row in rows:
            value = payload_of(STATE, row)
            if value is None:
                found.damaged.append(row[_KEY])
            else:
                found.values[row[_KEY]] = value
        return found

    return Work("table_items", Access.READ, steps)


def table_value(owner: str, key: str) -> Work[Found]:
    """Read a value."""

    def steps() -> Steps[Found]:
        rows = yield Query(_OF_KEY, (owner, key))
        if not rows:
            return Found({}, [])
        value = payload_of(STATE, rows[0])
        return Found({}, [key]) if value is None else Found({key: value}, [])

    return Work("table_get", Access.READ, steps)


def put_in_table(owner: str, changes: Mapping[str, bytes | None]) -> Work[None]:
    """Store values, or with None remove them."""

    def steps() -> Steps[None]:
        yield Many(_REMOVE, [(owner, key) for key in changes])
        stored = [seal(STATE, (owner, key), value) for key, value in changes.items() if value is not None]
        if stored:
            yield Many(STATE.insert, stored)

    return Work("table_put", Access.SETTLE, steps)


def swap_in_table(owner: str, key: str, expected: bytes | None, value: bytes | None) -> Work[Swapped]:
    """Store or remove a value if it is as expected; a damaged row is removed and counts as none."""

    def steps() -> Steps[Swapped]:
        rows = yield Query(_OF_KEY, (owner, key))
        found = payload_of(STATE, rows[0]) if rows else None
        damaged = bool(rows) and found is None
        if found != expected:
            if damaged:
                yield Query(_REMOVE, (owner, key))
            return Swapped(done=False, damaged=damaged)
        if rows:
            yield Query(_REMOVE, (owner, key))
        if value is not None:
            yield Query(STATE.insert, seal(STATE, (owner, key), value))
        return Swapped(done=True, damaged=damaged)

    return Work("table_swap", Access.SETTLE, steps)


def forget_damaged(owner: str, keys: Collection[str]) -> Work[list[str]]:
    """Remove values whose rows are damaged still; return their keys."""

    def steps() -> Steps[list[str]]:
        forgotten: list[str] = []
        for key in keys:
            rows = yield Query(_OF_KEY, (owner, key))
            if rows and payload_of(STATE, rows[0]) is None:
                yield Query(_REMOVE, (owner, key))
                forgotten.append(key)
        return forgotten

    return Work("table_forget", Access.SETTLE, steps)
