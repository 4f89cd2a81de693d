"""Moves a whole store from one database into another and proves that it is the same; the old one stays as it is.

What a fleet has in shards is brought together in the new one: who opens it next finds it as one process would have left
it, and divides it anew where that is a fleet.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from otel_discord.component.errors import StartError
from otel_discord.store.resharding import gather
from otel_discord.store.schema import Table
from otel_discord.store.transfer import (
    MOVED,
    Digest,
    begin_transfer,
    complete_transfer,
    key_of_row,
    next_owner,
    read_numbers,
    read_portion,
    shards_among,
    write_portion,
)
from otel_discord.store.work import Database, Value


@runtime_checkable
class WholeStore(Protocol):
    """A storage extension whose store can be moved."""

    def whole_store(self) -> AbstractAsyncContextManager[Database]:
        """Hold all of it, alone.

        Raises:
            StartError: it is not open, or something uses it.
        """
        ...


async def move_store(source: Database, target: Database, on_table: Callable[[str, int], None]) -> dict[str, int]:
    """Copy every row, compare, and only then let the target be used; return how many rows each table has.

    ``on_table`` hears of each table that has been copied. Ended anywhere, it may be begun again.

    Raises:
        StartError: the target is not empty, or is not the same afterwards.
        RetryableError: one of them fails.
    """
    await target.run(begin_transfer())
    digests: dict[str, Digest] = {}
    for table in MOVED:
        digests[table.name] = await _copied(table, source, target)
        on_table(table.name, digests[table.name].rows)
    for table in MOVED:
        found = await _digest(table, target)
        if found.value != digests[table.name].value:
            raise StartError(
                f"table {table.name} is not the same after it was moved ({digests[table.name].rows} rows before, "
                f"{found.rows} after); the target stays unusable, the source is as it was"
            )
    for owners in shards_among(await _owners(target)):
        await gather(target, owners)
    await target.run(complete_transfer(await source.run(read_numbers())))
    return {name: digest.rows for name, digest in digests.items()}


async def _owners(database: Database) -> set[str]:
    found: set[str] = set()
    for table in MOVED:
        after = ""
        while (owner := await database.run(next_owner(table, after))) is not None:
            found.add(owner)
            after = owner
    return found


async def _copied(table: Table, source: Database, target: Database) -> Digest:
    digest = Digest()
    after: tuple[Value, ...] | None = None
    while rows := await source.run(read_portion(table, after)):
        await target.run(write_portion(table, rows))
        digest.add(rows)
        after = key_of_row(table, rows[-1])
    return digest


async def _digest(table: Table, database: Database) -> Digest:
    digest = Digest()
    after: tuple[Value, ...] | None = None
    while rows := await database.run(read_portion(table, after)):
        digest.add(rows)
        after = key_of_row(table, rows[-1])
    return digest
