"""The one way in which a run changes: on what it is by then, one change at a time, stored first and then told."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from otel_discord.component.destination_source import Tally
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.keyed_locks import KeyedLocks
from otel_discord.extensions.run_channels.outcome import Change
from otel_discord.extensions.run_channels.runs import Run
from otel_discord.extensions.run_channels.tallies import added


class Ledger:
    """The book, for those who change it. ``changed(run_id)`` is called after each change."""

    def __init__(self, book: Book, changed: Callable[[str], None]) -> None:
        self._book = book
        self._changed = changed
        self._locks = KeyedLocks()
        self._absorbed: set[str] = set()
        """Values that are counted here, and not removed yet."""

    def get(self, run_id: str) -> Run | None:
        """Return a run as it is."""
        return self._book.get(run_id)

    async def add(self, run: Run) -> None:
        """Store a run that is new, or begins anew.

        Raises:
            RunProblem: there are too many.
            RetryableError: the storage cannot store it now; nothing has changed.
        """
        await self._alone(run.run_id, lambda: self._book.put(run))

    async def change(self, run_id: str, change: Change) -> Run | None:
        """Store what a change makes of the run; return that, None where the run was forgotten meanwhile.

        Raises:
            RetryableError: the storage cannot store it now; nothing has changed.
        """

        async def put() -> None:
            run = self._book.get(run_id)
            if run is not None and (new := change(run)) != run:
                await self._book.put(new)

        await self._alone(run_id, put)
        return self._book.get(run_id)

    def count(self, run_id: str, tally: Tally) -> bool:
        """Add to what passed of a run's telemetry, in memory; return whether the run is known."""
        run = self._book.get(run_id)
        if run is None:
            return False
        self._book.note(replace(run, tally=added(run.tally, tally)))
        return True

    async def absorb(self, run_id: str, rows: Mapping[str, Tally]) -> bool:
        """Add what values of the table say, and remove them with the same step; return whether the run is known.

        Raises:
            RetryableError: the storage cannot do it now. The same values given again are not counted again.
        """
        async with self._locks.hold(run_id):
            for row in rows.keys() - self._absorbed:
                self.count(run_id, rows[row])
            self._absorbed.update(rows)
            run = self._book.get(run_id)
            await self._book.put_removing(run, rows)
            self._absorbed.difference_update(rows)
            return run is not None

    async def keep_counts(self, run_id: str) -> None:
        """Store a run's counts, so that a restart goes on from them.

        Raises:
            RetryableError: the storage cannot do it now; they are known all the same.
        """
        async with self._locks.hold(run_id):
            run = self._book.get(run_id)
            if run is not None and self._book.has_noted(run_id):
                await self._book.put(run)

    async def forget(self, run_id: str) -> None:
        """Remove a run.

        Raises:
            RetryableError: the storage cannot do it now; nothing has changed.
        """
        await self._alone(run_id, lambda: self._book.forget(run_id))

    async def _alone(self, run_id: str, act: Callable[[], Awaitable[None]]) -> None:
        async with self._locks.hold(run_id):
            await act()
        self._changed(run_id)
