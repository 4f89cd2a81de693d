"""Watches for transactions that stay open: as long as one does, dead rows cannot be cleared away, and queues that are
emptied as they are filled become slower and slower.

A role sees of others' transactions what they hold back, but not since when: that is timed here as well.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

from otel_discord.component.instruments import StorageInstruments
from otel_discord.extensions.db_storage.transactor import FailedError, LateError, Transactor
from otel_discord.store.work import Access, Query, Steps, Work

LOOK_EVERY_S: Final = 15.0
OLD_S: Final = 600.0
"""Beyond it a warning is said."""


class Oldest(NamedTuple):
    """What holds back the clearing away of dead rows most."""

    who: str
    """Tells it from others: a backend, a prepared transaction or a replication slot, and its oldest transaction."""
    open_s: float
    """As far as the server says it; 0 where it does not."""


def oldest_snapshot() -> Work[Oldest | None]:
    """Find it; None where nothing is held back."""

    def steps() -> Steps[Oldest | None]:
        rows = yield Query(
            "SELECT who, open_s FROM ("
            "SELECT 'process ' || pid || ' ' || coalesce(backend_xid, backend_xmin)::text AS who,"
            " coalesce(extract(epoch FROM clock_timestamp() - xact_start), 0)::bigint AS open_s,"
            " greatest(age(backend_xmin), age(backend_xid)) AS held FROM pg_stat_activity"
            " WHERE (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND pid <> pg_backend_pid()"
            " AND coalesce(datname, current_database()) = current_database()"
            " AND coalesce(backend_type, '') <> 'autovacuum worker'"
            " UNION ALL SELECT 'prepared transaction ' || gid,"
            " extract(epoch FROM clock_timestamp() - prepared)::bigint, age(transaction) FROM pg_prepared_xacts"
            " WHERE database = current_database()"
            " UNION ALL SELECT 'replication slot ' || slot_name || ' ' || xmin::text, 0, age(xmin)"
            " FROM pg_replication_slots WHERE xmin IS NOT NULL) AS all_of_them"
            " ORDER BY held DESC, open_s DESC LIMIT 1"
        )
        return Oldest(str(rows[0][0]), float(rows[0][1])) if rows else None

    return Work("oldest_snapshot", Access.READ, steps)


@dataclass(slots=True)
class OldestKnown:
    """For how long the oldest has been there. Pure; ``now_s`` is any clock that goes evenly."""

    who: str = ""
    since_s: float = 0.0

    def age_s(self, found: Oldest | None, now_s: float) -> float:
        """Return the age of what was found now: what the server says, or for how long it has been seen here."""
        if found is None:
            self.who = ""
            return 0.0
        if found.who != self.who:
            self.who, self.since_s = found.who, now_s
        return max(found.open_s, now_s - self.since_s)


@dataclass(slots=True, kw_only=True)
class SnapshotWatch:
    """Of one extension."""

    transactor: Transactor
    instruments: StorageInstruments
    logger: logging.Logger
    every_s: float = LOOK_EVERY_S
    old_s: float = OLD_S
    age_s: float = 0.0
    """Of the oldest, at the last look."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look now and then while the block runs."""
        with self.instruments.watch_snapshots(lambda: self.age_s):
            looking = asyncio.create_task(self._look(), name="oldest snapshot")
            try:
                yield
            finally:
                looking.cancel()
                await asyncio.wait([looking])

    async def _look(self) -> None:
        known, said = OldestKnown(), False
        now_s: Callable[[], float] = asyncio.get_running_loop().time
        while True:
            try:
                self.age_s = known.age_s(await self.transactor.run(oldest_snapshot()), now_s())
            except (FailedError, LateError):
                await asyncio.sleep(self.every_s)
                continue
            is_old = self.age_s > self.old_s
            if is_old and not said:
                self.logger.warning(
                    "a transaction on the database has been open for %.0f minutes: dead rows cannot be cleared away "
                    "meanwhile and queues become slower; it is that of %s (pg_stat_activity)",
                    self.age_s / 60,
                    known.who,
                )
            said = is_old
            await asyncio.sleep(self.every_s)
