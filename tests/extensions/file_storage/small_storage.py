"""A small storage as a killed process leaves it, and what can be read from one."""

import random
import shutil
from pathlib import Path

import apsw

from otel_discord.extensions.file_storage.transaction import run_steps
from otel_discord.store.dialect import SQLITE
from otel_discord.store.migration import migrate
from otel_discord.store.rows import SALVAGEABLE, seal
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, MESSAGES, META, POSTED, STATE

NAME = "file_storage.db"
SUFFIXES = ("", "-wal")
Rows = dict[str, set[tuple]]


def write(path: Path, *, batches: int = 60, seed: int = 1, checkpoint_at: int | None = None) -> None:
    """Fill a storage, a transaction a row, with rows small and large; the log is left as a crash leaves it."""
    dice = random.Random(seed)
    connection = apsw.Connection(str(path))
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    for name, value in (("locking_mode", "EXCLUSIVE"), ("page_size", 8192), ("auto_vacuum", "INCREMENTAL")):
        connection.pragma(name, value)
    connection.pragma("journal_mode", "WAL")
    connection.pragma("synchronous", "OFF")
    connection.wal_autocheckpoint(0)
    with connection:
        run_steps(connection, migrate(SQLITE))
    for number in range(1, batches + 1):
        with connection:
            body = dice.randbytes(dice.choice((20, 300, 3000, 30_000 if number % 7 == 0 else 500)))
            connection.execute(BATCHES.insert, seal(BATCHES, (number, "o", "logs", 1, 5, 1, 10, 0, 0), body))
        if number % 2 == 0:
            with connection:
                connection.execute("DELETE FROM batches WHERE id = ?", (number,))
                connection.execute(BATCHES.insert, seal(BATCHES, (number, "o", "logs", 1, 5, 1, 10, 1, 0), None))
                body = dice.randbytes(dice.choice((20, 300, 3000)))
                connection.execute(CARDS.insert, seal(CARDS, (number, "o", "lane", 1, number, 0, 0), body))
        if number % 5 == 0:
            with connection:
                letter = (number, "o", 7, "d", "r", 10)
                connection.execute(LETTERS.insert, seal(LETTERS, letter, dice.randbytes(200)))
        if number % 6 == 0:
            with connection:
                message = (number, "o", "lane", str(number), 5)
                connection.execute(MESSAGES.insert, seal(MESSAGES, message, dice.randbytes(20)))
                body = dice.randbytes(dice.choice((20, 300, 3000)))
                connection.execute(POSTED.insert, seal(POSTED, (1000 + number, "o", "lane", number, 1, 9, 1), body))
        if number == checkpoint_at:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    with connection:
        connection.execute(STATE.insert, seal(STATE, ("o", "tombstones"), b"{}"))
        connection.execute(META.insert, ("last_batches_id", batches, -batches))
    connection.close(True)


def copy(source: Path, target: Path) -> Path:
    """Copy a storage's files into a directory, in place of what is there; return the database's path."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for suffix in SUFFIXES:
        if (beside := source.with_name(source.name + suffix)).exists():
            shutil.copyfile(beside, target / beside.name)
    return target / source.name


def rows_in(path: Path) -> Rows:
    """Read every row with SQLite itself.

    Raises:
        apsw.Error: SQLite cannot.
    """
    connection = apsw.Connection(str(path))
    try:
        return {
            each.name: set(connection.execute(f"SELECT {', '.join(each.columns)} FROM {each.name}"))
            for each in SALVAGEABLE
        }
    finally:
        connection.close(True)


def unsound(rows: Rows) -> int:
    """Return how many rows fail their checksum."""
    return sum(not each.verify(row) for each in SALVAGEABLE for row in rows[each.name])


def content(rows: Rows) -> Rows:
    """Return what rows carry: without the cards' doubt and its checksum, and without the batches that only hold room
    for their cards."""
    cards = {(*row[:6], row[7], row[9]) for row in rows[CARDS.name]}
    batches = {row for row in rows[BATCHES.name] if not row[7]}
    return {**rows, CARDS.name: cards, BATCHES.name: batches}
