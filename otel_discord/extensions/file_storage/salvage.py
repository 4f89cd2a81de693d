"""Saves the rows of damaged files into a new database: all that pass their checksum, each in its newest version.

A row found on a page that no table claims, or only in an older version of its page, may have been dealt with since:
a card that is saved from there is stored as in doubt, so that it is shown as a possible repeat.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import apsw

from otel_discord.extensions.file_storage.btree import Losses, Record, leaf_records
from otel_discord.extensions.file_storage.database_file import Pages, is_table_leaf
from otel_discord.extensions.file_storage.leaves import NO_TABLE, Leaf, Leaves, find_leaves
from otel_discord.extensions.file_storage.transaction import run_steps
from otel_discord.store.dialect import SQLITE
from otel_discord.store.migration import migrate
from otel_discord.store.rows import SALVAGEABLE, Salvageable, checksum, seal
from otel_discord.store.schema import BATCHES, CARDS, META, VERSION_KEY, Table
from otel_discord.store.work import Row, Value

PAGE_SIZE: Final = 8192
_TABLES: Final = tuple(each.table for each in SALVAGEABLE)
_CARDS: Final = _TABLES.index(CARDS)
_IN_DOUBT: Final = CARDS.columns.index("in_doubt")
_ROUTED: Final = BATCHES.columns.index("routed")


@dataclass(slots=True)
class Salvaged:
    """What came of it."""

    saved: dict[str, int] = field(default_factory=dict)
    """Rows by table."""
    rejected: int = 0
    """Rows that cannot be read, or that fail their checksum, and of which no older version was found either."""
    unreadable_pages: int = 0
    in_doubt: int = 0
    """Cards saved that may have been delivered."""
    orphaned_batches: int = 0
    """Batches of which no card is left: delivered, or lost with their pages."""


def salvage(pages: Pages, target: Path) -> Salvaged:
    """Write the rows that can be saved to ``target``, an empty file; it is closed and complete, but not synced.

    Raises:
        apsw.Error: the new file cannot be written (a full disk).
    """
    losses, found = Losses(), Salvaged()
    leaves = find_leaves(pages, [table.name for table in _TABLES], losses)
    connection = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        _prepare(connection)
        with connection:
            run_steps(connection, migrate(SQLITE))
            for leaf in leaves:
                _save_leaf(connection, pages, leaf, leaves, found)
            if not leaves.uncertain & {_CARDS, NO_TABLE}:
                _route_what_has_cards(connection)
            # An id never goes back from there: what says that the card waits is older.
            connection.execute("DELETE FROM cards WHERE id IN (SELECT id FROM posted)")
            _end_what_has_none(connection, found)
            for table in _TABLES:
                found.saved[table.name] = _count(connection, f"SELECT count(*) FROM {table.name}")  # noqa: S608 - ours
            found.in_doubt = _count(connection, "SELECT count(*) FROM cards WHERE in_doubt <> 0")
    finally:
        connection.close(True)
    found.rejected += losses.cells
    found.unreadable_pages = losses.pages
    return found


def _prepare(connection: apsw.Connection) -> None:
    """A file that is thrown away where it does not become complete needs no journal."""
    connection.pragma("page_size", PAGE_SIZE)
    connection.pragma("auto_vacuum", "INCREMENTAL")
    connection.pragma("journal_mode", "OFF")
    connection.pragma("synchronous", "OFF")
    connection.pragma("locking_mode", "EXCLUSIVE")


def _save_leaf(connection: apsw.Connection, pages: Pages, leaf: Leaf, leaves: Leaves, found: Salvaged) -> None:
    page = pages.read_version(leaf.number, leaf.frame)
    if page is None or not (leaf.number or is_table_leaf(page, pages.usable_bytes)):
        return
    older = pages.older_frame(leaf.number)
    rejected: set[int | None] = set()
    newer: list[tuple[Salvageable, Row]] = []
    for row_number, record in leaf_records(pages, leaf.number, page):
        sound = _sound_row(leaf.table, row_number, record)
        if sound is None:
            rejected.add(row_number)
            found.rejected += 1
        elif older is None:
            _insert(connection, *sound, uncertain=leaf.table == NO_TABLE)
        else:
            newer.append(sound)
    if rejected:
        leaves.uncertain.add(leaf.table)
        if older is not None:
            found.rejected -= _save_older(connection, pages, Leaf(leaf.number, older, leaf.table), rejected)
    for sound in newer:
        _insert(connection, *sound, uncertain=leaf.table == NO_TABLE)


def _save_older(connection: apsw.Connection, pages: Pages, leaf: Leaf, rejected: set[int | None]) -> int:
    """Save, from the version of a page before the damaged one, the rows that the damage hit; return how many.

    Rows that the newest version does not have any more stay gone, unless the damage hides which rows it has.
    """
    page = pages.read_version(leaf.number, leaf.frame)
    if page is None or not is_table_leaf(page, pages.usable_bytes):
        return 0
    saved = 0
    for row_number, record in leaf_records(pages, leaf.number, page):
        sound = _sound_row(leaf.table, row_number, record)
        if sound is not None and (row_number in rejected or None in rejected):
            _insert(connection, *sound, uncertain=True)
            saved += row_number in rejected
    return saved


def _sound_row(table: int, row_number: int | None, record: Record | None) -> tuple[Salvageable, Row] | None:
    """Return a row that passes its checksum, and the table that it belongs to."""
    if record is None:
        return None
    for each in SALVAGEABLE if table == NO_TABLE else (SALVAGEABLE[table], *SALVAGEABLE):
        row = record
        if each.columns[0] == "id" and record[:1] == (None,):  # it is the row's own number
            row = (row_number, *record[1:])
        if each.verify(row):
            return each, row
    return None


def _insert(connection: apsw.Connection, kind: Salvageable, row: Row, *, uncertain: bool) -> None:
    if kind.table is META and row[0] == VERSION_KEY:
        return  # the new file has its own
    if kind.table is CARDS and uncertain:
        values = (*row[:_IN_DOUBT], 1, *row[_IN_DOUBT + 1 : -2])
        row = (*values, checksum(CARDS, values), row[-1])
    try:
        connection.execute(_replacing(kind.table), row)
    except (apsw.ConstraintError, apsw.MismatchError):
        return  # sound by its checksum, and yet nothing that the schema takes: it was not written by us


def _replacing(table: Table) -> str:
    return table.insert.replace("INSERT", "INSERT OR REPLACE", 1)


def _route_what_has_cards(connection: apsw.Connection) -> None:
    """A batch that has cards was routed, whatever an old version of its row says.

    Not done where cards may be missing: then it is routed again, since a repeat is better than a loss.
    """
    numbers = list(connection.execute("SELECT id FROM batches WHERE routed = 0 AND id IN (SELECT batch_id FROM cards)"))
    for (number,) in numbers:
        for row in _rows(connection, BATCHES, number):
            values: list[Value] = list(row[:-3])
            values[_ROUTED] = 1
            connection.execute(_replacing(BATCHES), seal(BATCHES, values, None))


def _end_what_has_none(connection: apsw.Connection, found: Salvaged) -> None:
    ended = "FROM batches WHERE routed <> 0 AND id NOT IN (SELECT batch_id FROM cards)"
    found.orphaned_batches = _count(connection, f"SELECT count(*) {ended}")
    connection.execute(f"DELETE {ended}")


def _rows(connection: apsw.Connection, table: Table, number: int) -> Iterator[Row]:
    yield from list(connection.execute(f"SELECT {', '.join(table.columns)} FROM {table.name} WHERE id = ?", (number,)))  # noqa: S608


def _count(connection: apsw.Connection, query: str) -> int:
    return int(connection.execute(query).get)
