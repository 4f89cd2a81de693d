"""Keeps the history of problems where the exporter keeps its state: read once, written seldom.

A crash loses the last seconds of it. Cards and counts do not depend on it.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from otel_discord.component import RetryableError, ShutdownError, WorkQueue
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.folding.history import PARTS, History
from otel_discord.exporters.discord.folding.problem import group_of

BETWEEN_WRITES_S: Final = 10.0
WRITTEN_BYTES: Final = 256 * 1024
"""At a time; the rest goes with the next."""
LAST_WRITE_S: Final = 2.0
_SEEDED: Final = 2_500
"""So many of the problems seen last are known to the miner again; half of what it can hold."""


def state_key(part: int) -> str:
    """Return the key of a part in the exporter's state."""
    return f"history/{part:02d}"


@dataclass(slots=True, kw_only=True)
class HistoryKeeper:
    """Of one exporter whose queue is stored."""

    desk: FoldDesk
    queue: WorkQueue
    logger: logging.Logger

    async def restore(self) -> None:
        """Go on where an earlier run ended.

        Raises:
            RetryableError: the storage cannot be read now.
        """
        stored = [await self.queue.get_state(state_key(part)) for part in range(PARTS)]
        history = History.restored(part for part in stored if part)
        for fingerprint, template in history.templates(_SEEDED):
            if template:
                self.desk.finder.miner.seed(template, group_of(fingerprint))
        self.desk.history = history

    async def run(self) -> None:
        """Store what has changed, now and then, until cancelled."""
        while self.desk.history is not None:
            await asyncio.sleep(BETWEEN_WRITES_S)
            await self.write(WRITTEN_BYTES)

    async def write(self, most_bytes: int | None = None) -> None:
        """Store parts that have changed: all, or until so much is written. What the storage refuses waits."""
        history = self.desk.history
        if history is None:
            return
        written_bytes = 0
        for part in history.changed:
            value = history.part(part)
            try:
                await self.queue.set_state(state_key(part), value)
            except (RetryableError, ShutdownError) as error:
                history.not_stored(part)
                self.logger.debug("the past of problems is not stored now: %s", error)
                return
            except asyncio.CancelledError:
                history.not_stored(part)
                raise
            written_bytes += len(value)
            if most_bytes is not None and written_bytes >= most_bytes:
                return

    async def end(self) -> None:
        """Store everything, as far as it takes no longer than a moment."""
        try:
            async with asyncio.timeout(LAST_WRITE_S):
                await self.write()
        except TimeoutError:
            self.logger.warning("the storage is slow: a part of what is known of problems' past is not stored")
