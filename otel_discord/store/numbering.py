"""Numbers for new rows: they grow and none comes twice, also after the highest row is gone. Pure."""

from collections.abc import Sequence
from typing import Final

from otel_discord.store.rows import is_sound_number
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, MESSAGES, META, POSTED, Table
from otel_discord.store.work import Numbers, Query, Row, Steps

LEAP: Final = 1 << 20
"""Left out where the note of the last number is lost: rows above the highest that is left may have been there."""

_NUMBERED_TOGETHER: Final = {CARDS.name: (CARDS, POSTED)}
"""Tables whose rows move from one to the other and keep their numbers."""


def next_ids(table: Table, count: int) -> Steps[Sequence[int]]:
    """Take ``count`` numbers and return them; they grow."""
    rows = yield Query(
        "UPDATE meta SET value = value + ?, mirror = mirror - ? WHERE key = ? AND value = -mirror"  # noqa: S608 - ours
        f"{_above_all(table)} RETURNING key, value, mirror",
        (count, count, _key(table)),
        Numbers(table.name, count),
    )
    if _are_of_a_sequence(rows):
        return [int(row[0]) for row in rows]
    if rows and is_sound_number(rows[0]):
        last = int(rows[0][1])
    else:
        last = yield from _begin_anew(table, count)
    return range(last - count + 1, last + 1)


def last_ids() -> Steps[dict[str, int]]:
    """Return the highest number given out for each table; what is noted wrongly is put right."""
    found: dict[str, int] = {}
    for table in NUMBERED:
        rows = yield Query("SELECT key, value, mirror FROM meta WHERE key = ?", (_key(table),), Numbers(table.name, 0))
        if _are_of_a_sequence(rows):
            found[table.name] = int(rows[0][0])
            continue
        highest = yield from _highest(table)
        noted = int(rows[0][1]) if rows and is_sound_number(rows[0]) else -1
        if noted < highest:
            noted = yield from _begin_anew(table, 0)
        found[table.name] = noted
    return found


def _are_of_a_sequence(rows: Sequence[Row]) -> bool:
    return bool(rows) and len(rows[0]) == 1


def _key(table: Table) -> str:
    return key_of(table.name)


def key_of(table_name: str) -> str:
    """Return under which name ``meta`` notes the last number of a table."""
    return f"last_{table_name}_id"


def numbered_together(table_name: str) -> tuple[str, ...]:
    """Return the tables whose rows have numbers of one series, the named one among them."""
    return tuple(table.name for table in _NUMBERED_TOGETHER.get(table_name, ())) or (table_name,)


NUMBERED: Final = (BATCHES, CARDS, LETTERS, MESSAGES)
"""The tables that have a series of numbers each."""


def _tables(table: Table) -> tuple[Table, ...]:
    return _NUMBERED_TOGETHER.get(table.name, (table,))


def _above_all(table: Table) -> str:
    return "".join(f" AND value >= coalesce((SELECT max(id) FROM {each.name}), 0)" for each in _tables(table))  # noqa: S608


def _highest(table: Table) -> Steps[int]:
    highest = 0
    for each in _tables(table):
        rows = yield Query(f"SELECT max(id) FROM {each.name}")  # noqa: S608 - names of ours
        highest = max(highest, int(rows[0][0] or 0))
    return highest


def _begin_anew(table: Table, count: int) -> Steps[int]:
    highest = yield from _highest(table)
    last = (highest + LEAP if highest else 0) + count
    yield Query("DELETE FROM meta WHERE key = ?", (_key(table),))
    yield Query(META.insert, (_key(table), last, -last))
    return last
