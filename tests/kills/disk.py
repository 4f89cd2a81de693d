"""What a killed process left on disk, seen in a copy: is the database whole, and which records are where?"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw

from otel_discord.extensions.file_storage.config import DATABASE_NAME
from otel_discord.extensions.file_storage.repair import repair_if_damaged
from otel_discord.store.batch_codec import from_bytes
from otel_discord.store.rows import SALVAGEABLE, payload_of
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, POSTED, Table
from tests.sending.markers import markers_in


@dataclass(slots=True)
class Found:
    """Record ids by where they are; ``wrong`` says what is damaged."""

    batches: list[int] = field(default_factory=list)
    """Accepted and not yet routed."""
    cards: dict[str, list[int]] = field(default_factory=dict)
    """By lane, in the order in which they are to be sent."""
    in_doubt: dict[str, set[int]] = field(default_factory=dict)
    """Those of them that were in a message whose end is not known."""
    letters: dict[str, list[int]] = field(default_factory=dict)
    """By destination."""
    posted: dict[str, list[int]] = field(default_factory=dict)
    """By lane: those that Discord has and that can count for more still."""
    wrong: list[str] = field(default_factory=list)
    batch_rows: int = 0
    """Batches, routed ones included: those have a card left, or are put right at the next start."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not (self.batches or self.cards)


def look(storage: Path, scratch: Path) -> Found:
    """Look into a copy of a storage directory, as the next start would; the directory itself is not touched."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700, parents=True)
    for file in storage.glob(f"{DATABASE_NAME}*") if storage.is_dir() else ():
        shutil.copy2(file, scratch / file.name)
    found = Found()
    if any(".corrupt-" in each.name for each in scratch.iterdir()):
        found.wrong.append("files were set aside as damaged")
    path = scratch / DATABASE_NAME
    report = repair_if_damaged(path, now=datetime.now(UTC))
    if report is not None:
        found.wrong.append("; ".join(report.log_lines()))
    if (path.exists() and path.stat().st_size) or path.with_name(f"{path.name}-wal").exists():
        _read(path, found)
    return found


def _read(path: Path, found: Found) -> None:
    connection = apsw.Connection(str(path))
    try:
        answers = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        if answers != ["ok"]:
            found.wrong.append(f"integrity_check: {answers[:3]}")
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        for each in SALVAGEABLE:
            if each.name in tables:
                rows = list(connection.execute(f"SELECT {', '.join(each.columns)} FROM {each.name}"))
                damaged = sum(not each.verify(row) for row in rows)
                if damaged:
                    found.wrong.append(f"{damaged} rows of {each.name} do not match their checksums")
        if CARDS.name in tables:
            _collect(connection, found)
        if POSTED.name in tables:
            for row, payload in _rows(connection, POSTED, "ORDER BY lane, message, place"):
                lane = row[POSTED.columns.index("lane")]
                found.posted.setdefault(lane, []).extend(markers_in(payload.decode("latin-1")))
    finally:
        connection.close()


def _collect(connection: apsw.Connection, found: Found) -> None:
    [(found.batch_rows,)] = connection.execute("SELECT count(*) FROM batches")
    for row, payload in _rows(connection, BATCHES, "WHERE routed = 0 ORDER BY id"):
        batch = from_bytes(row[BATCHES.columns.index("signal")], payload)
        found.batches += markers_in(payload.decode("latin-1") if batch is None else str(batch.request))
    for row, payload in _rows(connection, CARDS, "ORDER BY lane, priority DESC, id"):
        lane, in_doubt = row[CARDS.columns.index("lane")], row[CARDS.columns.index("in_doubt")]
        ids = markers_in(payload.decode("latin-1"))
        found.cards.setdefault(lane, []).extend(ids)
        if in_doubt:
            found.in_doubt.setdefault(lane, set()).update(ids)
    for row, payload in _rows(connection, LETTERS, "ORDER BY id"):
        destination = row[LETTERS.columns.index("destination")]
        found.letters.setdefault(destination, []).extend(markers_in(payload.decode("latin-1")))


def _rows(connection: apsw.Connection, table: Table, rest: str) -> Iterator[tuple[tuple[Any, ...], bytes]]:
    for row in list(connection.execute(f"SELECT {', '.join(table.columns)} FROM {table.name} {rest}")):
        payload = payload_of(table, row)
        yield row, row[-1] if payload is None else payload  # of a damaged one the ids can be seen all the same
