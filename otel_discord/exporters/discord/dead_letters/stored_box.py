"""Dead letters as rows of the storage: a card becomes a letter, and a letter a card, in one transaction."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from otel_discord.component import (
    ComponentError,
    LetterFilter,
    NewLetter,
    Revival,
    StoredLetter,
    WorkQueue,
)
from otel_discord.component.dead_letters import Letter
from otel_discord.exporters.discord.dead_letters.box import Comeback, Kept, LastResort
from otel_discord.exporters.discord.dead_letters.file_names import Bounds
from otel_discord.exporters.discord.dead_letters.letter import read_letter
from otel_discord.exporters.discord.dead_letters.replay_board import ReplayBoard, Tally

_PAGE: Final = 200


@dataclass(slots=True)
class StoredBox:
    """Keeps letters where the queue is."""

    queue: WorkQueue
    board: ReplayBoard
    bounds: Bounds
    wall_clock: Callable[[], float] = time.time
    kept: int = 0

    async def bury(self, letters: Sequence[NewLetter], last_resort: LastResort) -> Mapping[int, int]:  # noqa: ARG002
        """Move cards to the letters in one transaction.

        Raises:
            RetryableError: the storage fails; the cards are where they were.
        """
        await self.queue.bury(letters)
        self.kept += len(letters)
        return await self._ids(letters)

    async def _ids(self, letters: Sequence[NewLetter]) -> Mapping[int, int]:
        """Look the new ids up by the time of the burial, for the log."""
        same = LetterFilter(
            since_ns=min(letter.time_ns for letter in letters),
            until_ns=max(letter.time_ns for letter in letters) + 1,
            destinations=frozenset(letter.destination for letter in letters),
        )
        try:
            rows = await self.queue.letters(same, limit=len(letters))
        except ComponentError:
            return {}
        if [row.payload for row in rows] != [letter.payload for letter in letters]:
            return {}
        return {letter.card_id: row.id for letter, row in zip(letters, rows, strict=True)}

    async def total(self, chosen: LetterFilter) -> int:
        """Return how many letters there are."""
        return (await self.queue.letter_totals(chosen)).count

    async def page(self, chosen: LetterFilter, *, after_id: int, limit: int) -> Sequence[Kept]:
        """Return letters, oldest first."""
        rows = await self.queue.letters(chosen, after_id=after_id, limit=limit)
        return [Kept(_letter(row), row.payload) for row in rows]

    @asynccontextmanager
    async def replaying(self, patience_s: float) -> AsyncIterator[bool]:  # noqa: ARG002
        """No other process has this storage open, and a row comes back once."""
        yield True

    async def revive(self, comebacks: Sequence[Comeback], tally: Tally) -> int:
        """Turn rows into cards in one transaction."""
        card_ids = await self.queue.revive([Revival(item.letter_id, item.card) for item in comebacks])
        for card_id in card_ids:
            self.board.watch(card_id, 0, tally)
        self.kept = max(0, self.kept - len(card_ids))
        return len(card_ids)

    async def purge(self, letter_ids: Sequence[int]) -> int:
        """Remove rows."""
        purged = await self.queue.purge(letter_ids)
        self.kept = max(0, self.kept - purged)
        return purged

    async def expire(self) -> int:
        """Remove rows beyond the retention, and the oldest ones beyond the size; never the newest."""
        expired = 0
        if self.bounds.retention_s:
            too_old = LetterFilter(until_ns=int((self.wall_clock() - self.bounds.retention_s) * 1e9))
            while rows := await self.queue.letters(too_old, limit=_PAGE):
                expired += await self.queue.purge([row.id for row in rows])
        totals = await self.queue.letter_totals()
        surplus_bytes = totals.size_bytes - self.bounds.max_bytes
        left = totals.count
        while surplus_bytes > 0 and left > 1:
            rows = (await self.queue.letters(limit=min(_PAGE, left - 1)))[: left - 1]
            going: list[int] = []
            for row in rows:
                if surplus_bytes <= 0:
                    break
                surplus_bytes -= len(row.payload)
                going.append(row.id)
            removed = await self.queue.purge(going)
            if not removed:
                break
            expired += removed
            left -= removed
        self.kept = left
        return expired


def _letter(row: StoredLetter) -> Letter:
    """Return the letter; what the row says holds also where its payload is damaged."""
    letter = read_letter(row.id, row.payload)
    return replace(letter, time_ns=row.time_ns, destination=row.destination, reason=row.reason)
