"""What one replica knows of the table: the runs, and what the others say. It looks for what has changed."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from otel_discord.component.state_table import SharedTable, TableChanges
from otel_discord.extensions.run_channels.book import KEY_PREFIX, Book
from otel_discord.extensions.run_channels.source import RunSource


@dataclass(slots=True, kw_only=True)
class Known:
    """Of one replica. ``heard(key, value)`` is called of each value beside the runs that has changed."""

    table: SharedTable
    book: Book
    source: RunSource
    heard: Callable[[str, bytes | None], None]
    logger: logging.Logger
    follows: bool = True
    """Whether telemetry is routed by what is known here; else by who leads, in the same process."""
    others: dict[str, bytes] = field(default_factory=dict)
    """The values beside the runs."""
    _version: int = -1
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def refresh(self) -> None:
        """Read what has changed since the last time.

        Raises:
            RetryableError: the table cannot be read now.
        """
        async with self._lock:
            changes = await self.table.changes(self._version)
            self._learn_all(changes)

    def _learn_all(self, changes: TableChanges) -> None:
        if changes.is_all:
            gone = [KEY_PREFIX + run.run_id for run in self.book] + list(self.others)
            for key in gone:
                if key not in changes.values:
                    self._learn(key, None)
        for key, value in changes.values.items():
            self._learn(key, value)
        self._version = changes.version

    def publish(self) -> None:
        """Route telemetry by what is known here from now on."""
        self.follows = True
        for run_id in self.source.known_runs() - {run.run_id for run in self.book}:
            self.source.know(run_id, None)
        for run in self.book:
            self.source.know(run.run_id, run)

    def _learn(self, key: str, value: bytes | None) -> None:
        if key.startswith(KEY_PREFIX):
            run_id = key.removeprefix(KEY_PREFIX)
            self.book.learn(run_id, value)
            if self.follows:
                self.source.know(run_id, self.book.get(run_id))
            return
        if self.others.get(key) == value:
            return
        if value is None:
            self.others.pop(key, None)
        else:
            self.others[key] = value
        self.heard(key, value)
