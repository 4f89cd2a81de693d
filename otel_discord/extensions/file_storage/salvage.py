"""Saves the rows of damaged files into a new database: all that pass their checksum, each in its newest version.

Leaves of our tables are found by walking from the roots; where a root or a page on the way cannot be read, every leaf
that nobody claims is read as well, and its rows are told apart by their checksums. What is found that way, or on a page
that is older than what was committed, may have been dealt with since: such cards are stored as in doubt.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import apsw

from otel_discord.extensions.file_storage.btree import (
    Losses,
    Record,
    leaf_records,
    stray_leaves,
    table_roots,
    walk_leaves,
)
from otel_discord.extensions.file_storage.database_file import Pages, freelist
from otel_discord.extensions.file_storage.transaction import run_steps
from otel_discord.store.dialect import SQLITE
from otel_discord.store.migration import migrate
from otel_discord.store.rows import SALVAGEABLE, Salvageable, checksum, seal
from otel_discord.store.schema import BATCHES, CARDS, META, VERSION_KEY
from otel_discord.store.work import Row, Value

PAGE_SIZE: Final = 8192
_PAGE_BITS: Final = 32
_TABLE_BITS: Final = 4
_ANY_TABLE: Final = len(SALVAGEABLE)
_IN_DOUBT: Final = CARDS.columns.index("in_doubt")
_ROUTED: Final = BATCHES.columns.index("routed")


@dataclass(slots=True)
class Salvaged:
    """What came of it."""

    saved: dict[str, int] = field(default_factory=dict)
    """Rows by table."""
    rejected: int = 0
    """Rows that could not be read, or that fail their checksum."""
    unreadable_pages: int = 0
    in_doubt: int = 0
    """Cards saved that may have been delivered."""
    orphaned_batches: int = 0
    """Batches whose cards are all gone: delivered, or lost with their pages."""


@dataclass(slots=True)
class _Leaves:
    """Leaves to read, packed into one number each: frame, whether walked, table, page; so that sorting them puts the
    newest version of a row last."""

    packed: list[int] = field(default_factory=list)

    def add(self, frame: int, table: int, number: int) -> None:
        walked = table != _ANY_TABLE
        self.packed.append(((frame << 1 | walked) << _TABLE_BITS | table) << _PAGE_BITS | number)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        self.packed.sort()
        for each in self.packed:
            yield each >> _PAGE_BITS & (1 << _TABLE_BITS) - 1, each & (1 << _PAGE_BITS) - 1


def salvage(pages: Pages, target: Path) -> Salvaged:
    """Write the rows that can be saved to ``target``, an empty file; it is closed and complete, but not synced.

    Raises:
        apsw.Error: the new file cannot be written (a full disk).
    """
    losses = Losses()
    leaves = _find_leaves(pages, losses)
    found = Salvaged()
    connection = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        _prepare(connection)
        with connection:
            run_steps(connection, migrate(SQLITE))
            for table, number in leaves:
                page = pages.read(number)
                if page is not None:
                    candidates = SALVAGEABLE if table == _ANY_TABLE else SALVAGEABLE[table : table + 1]
                    uncertain = table == _ANY_TABLE or number in pages.outdated
                    records = leaf_records(pages, number, page, losses)
                    _store(connection, candidates, records, found, uncertain=uncertain)
            _reconcile(connection, found, cards_are_whole=not losses.tables & {"", CARDS.name} and not found.rejected)
            for each in SALVAGEABLE:
                found.saved[each.name] = _count(connection, f"SELECT count(*) FROM {each.name}")  # noqa: S608 - ours
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


def _find_leaves(pages: Pages, losses: Losses) -> _Leaves:
    leaves = _Leaves()
    visited = bytearray(pages.count + 1)
    roots = table_roots(pages, visited, losses)
    for index, each in enumerate(SALVAGEABLE):
        root = roots.get(each.name)
        if root is None:
            losses.tables.add(each.name)
            continue
        before = losses.pages
        for number, _, outdated in walk_leaves(pages, root, visited, losses):
            leaves.add(pages.frame_of(number), index, number)
            if outdated:
                losses.tables.add(each.name)
        if losses.pages > before:
            losses.tables.add(each.name)
    if losses.tables or losses.pages:
        free, whole = freelist(pages)
        if not whole:
            losses.tables.add("")
        for number, passed in enumerate(visited):
            free[number] |= passed
        for number, _ in stray_leaves(pages, free):
            leaves.add(pages.frame_of(number), _ANY_TABLE, number)
    return leaves


def _store(
    connection: apsw.Connection,
    candidates: Iterable[Salvageable],
    records: Iterable[tuple[int, Record]],
    found: Salvaged,
    *,
    uncertain: bool,
) -> None:
    for row_number, record in records:
        for each in candidates:
            row = (row_number, *record[1:]) if record[:1] == (None,) else record
            if each.verify(row):
                _insert(connection, each, row, uncertain=uncertain)
                break
        else:
            found.rejected += 1


def _insert(connection: apsw.Connection, kind: Salvageable, row: Row, *, uncertain: bool) -> None:
    if kind.table is META and row[0] == VERSION_KEY:
        return  # the new file has its own
    if kind.table is CARDS and uncertain:
        row = _doubted(row)
    statement = kind.table.insert.replace("INSERT", "INSERT OR REPLACE", 1)
    try:
        connection.execute(statement, row)
    except (apsw.ConstraintError, apsw.MismatchError):
        return  # sound by its checksum, and yet nothing that the schema takes: it was not written by us


def _doubted(row: Row) -> Row:
    values = (*row[:_IN_DOUBT], 1, *row[_IN_DOUBT + 1 : -2])
    return (*values, checksum(CARDS, values), row[-1])


def _reconcile(connection: apsw.Connection, found: Salvaged, *, cards_are_whole: bool) -> None:
    """Bring tables together that are from different moments, so that nothing is sent twice that need not be.

    A batch that has cards was routed, whatever an old version of its row says; where cards may be missing it is routed
    again all the same, since a repeat is better than a loss.
    """
    if cards_are_whole:
        unrouted = "FROM batches WHERE routed = 0 AND id IN (SELECT batch_id FROM cards)"
        numbers = [number for (number,) in connection.execute(f"SELECT id {unrouted}")]
        for number in numbers:
            row = _whole_row(connection, number)
            values: list[Value] = list(row[:-3])
            values[_ROUTED] = 1
            connection.execute(BATCHES.insert.replace("INSERT", "INSERT OR REPLACE", 1), seal(BATCHES, values, None))
    ended = "FROM batches WHERE routed <> 0 AND id NOT IN (SELECT batch_id FROM cards)"
    found.orphaned_batches = _count(connection, f"SELECT count(*) {ended}")
    connection.execute(f"DELETE {ended}")


def _whole_row(connection: apsw.Connection, number: int) -> Row:
    columns = ", ".join(BATCHES.columns)
    rows: list[Row] = list(connection.execute(f"SELECT {columns} FROM batches WHERE id = ?", (number,)))  # noqa: S608
    return rows[0]


def _count(connection: apsw.Connection, query: str) -> int:
    result: Any = connection.execute(query).get
    return int(result)
