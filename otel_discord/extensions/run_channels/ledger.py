"""The one way in which a run changes: on what it is by then, one change at a time, stored first and then told."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from otel_discord.component.destination_source import Tally
from otel_discord.extensions.run_channels.book import Book
from otel_discord.extensions.run_channels.keyed_locks import KeyedLocks
from otel_discord.extensions.run_channels.outcome import Change
from otel_discord.extensions.run_channels.runs import Run


class Ledger:
    """The book, for those who change it. ``changed(run_id)`` is called after each change."""

    def __init__(self, book: Book, changed: Callable[[str], None]) -> None:
        self._book = book
        self._changed = changed
        self._locks = KeyedLocks()

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
        known = run.tally
        total = Tally(
            records=known.records + tally.records,
            warnings=known.warnings + tally.warnings,
            errors=known.errors + tally.errors,
            steps=known.steps + tally.steps,
            last_step=tally.last_step or known.last_step,
            last_error=tally.last_error or known.last_error,
        )
        self._book.note(replace(run, tally=total))
        return True

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
