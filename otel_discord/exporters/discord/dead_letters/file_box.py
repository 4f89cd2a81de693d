"""Dead letters as JSON Lines, the only copy: on the disk before the card leaves the queue.

Sending one again: the card is taken over into the queue, the word ``replayed`` is written when Discord has it. A crash
in between repeats that message and loses nothing. Dead again: first the new letter, then the old one's end.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from otel_discord.component import LetterFilter, NewLetter, WorkQueue
from otel_discord.component.failpoint import reach
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.exporters.discord.dead_letters.box import Comeback, Kept, LastResort
from otel_discord.exporters.discord.dead_letters.letter_files import Appended, LetterFiles
from otel_discord.exporters.discord.dead_letters.line import letter_of, line_of, unpack
from otel_discord.exporters.discord.dead_letters.off_loop import OffLoop
from otel_discord.exporters.discord.dead_letters.replay_board import ReplayBoard, Tally

_LOOK_AGAIN_S: Final = 0.2


@dataclass(slots=True)
class FileBox:
    """Keeps letters in files. Everything that touches the disk happens off the loop, with a deadline."""

    queue: WorkQueue
    board: ReplayBoard
    files: LetterFiles
    exporter: str
    writing: OffLoop = field(default_factory=lambda: OffLoop("dead letters, writing"))
    reading: OffLoop = field(default_factory=lambda: OffLoop("dead letters, reading"))
    kept: int = 0
    expired: int = 0
    """Letters let go by a write and not yet told by :meth:`expire`."""
    _ended: set[int] = field(default_factory=set)
    """Sent again, though the disk would not have it: this process at least knows."""
    _replays: int = 0
    _lock: ExitStack | None = None

    # ------------------------------------------------------------------------------------------------- burying

    async def bury(self, letters: Sequence[NewLetter], last_resort: LastResort) -> Mapping[int, int]:
        """Write letters, then end their cards. Cancelled, it first comes to its end."""
        task = asyncio.ensure_future(self._bury(letters, last_resort))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task], timeout=2 * self.writing.deadline_s)
            if task.done() and not task.cancelled():
                task.exception()  # looked at; the cancellation is what counts
            raise

    async def _bury(self, letters: Sequence[NewLetter], last_resort: LastResort) -> Mapping[int, int]:
        fresh = [letter for letter in letters if not self._stays(letter)]
        ids: Mapping[int, int] = {}
        if fresh:
            reach("bury.before_file")
            try:
                ids = await self._write(fresh)
            except OSError as error:
                last_resort(error)
            reach("bury.after_file")
        await self.queue.bury(letters)
        self._unlock()
        return ids

    def _stays(self, letter: NewLetter) -> bool:
        """Return whether the letter that this card was still says what there is to say."""
        return letter.reason == Reason.SHUTDOWN and self.board.letter_of(letter.card_id) is not None

    async def _write(self, letters: Sequence[NewLetter]) -> Mapping[int, int]:
        lines = [partial(_line, payload=letter.payload, exporter=self.exporter) for letter in letters]
        before = [old for letter in letters if (old := self.board.letter_of(letter.card_id)) is not None]

        def write() -> Appended:
            appended = self.files.append(lines)
            if before:
                self.files.end(before, "dead again")
            return appended

        appended = await self.writing.run(write)
        self.kept += len(appended.ids) - appended.expired - len(before)
        self.expired += appended.expired
        return {letter.card_id: letter_id for letter, letter_id in zip(letters, appended.ids, strict=True)}

    # ------------------------------------------------------------------------------------------------- looking

    async def look(self) -> None:
        """Count what an earlier run has left."""
        self.kept = await self.reading.run(self.files.count)

    async def total(self, chosen: LetterFilter) -> int:
        """Return how many letters there are."""
        return await self.reading.run(lambda: self.files.count(chosen))

    async def page(self, chosen: LetterFilter, *, after_id: int, limit: int) -> Sequence[Kept]:
        """Return letters, oldest first."""
        found = await self.reading.run(lambda: self.files.page(chosen, after_id=after_id, limit=limit))
        return [_kept(fields) for fields in found]

    # ----------------------------------------------------------------------------------------------- replaying

    @asynccontextmanager
    async def replaying(self, patience_s: float) -> AsyncIterator[bool]:
        """Share one lock file among the replays of this process, and keep other processes' replays out."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + patience_s
        while self._lock is None:
            stack = ExitStack()
            if await self.writing.run(lambda: stack.enter_context(self.files.replaying())):  # noqa: B023
                self._lock = stack
                break
            stack.close()
            if loop.time() >= deadline_s:
                yield False
                return
            await asyncio.sleep(_LOOK_AGAIN_S)
        self._replays += 1
        try:
            yield True
        finally:
            self._replays -= 1
            self._unlock()

    def _unlock(self) -> None:
        """Let other processes replay once no letter is under way here."""
        if self._lock is not None and not self._replays and not self.board:
            self._lock.close()
            self._lock = None

    async def revive(self, comebacks: Sequence[Comeback], tally: Tally) -> int:
        """Take letters over into the queue; the files know nothing of it until Discord has them."""
        under_way = self.board.in_hand() | self._ended
        fresh = [item for item in comebacks if item.letter_id not in under_way]
        card_ids = await self.queue.adopt([item.card for item in fresh])
        for card_id, item in zip(card_ids, fresh, strict=True):
            self.board.watch(card_id, item.letter_id, tally)
        return len(fresh)

    async def delivered(self, letter_ids: Sequence[int]) -> None:
        """Note that letters have arrived, so that they are never sent again.

        Raises:
            OSError: the disk failed; only this process knows.
        """
        self._ended.update(letter_ids)
        try:
            await self.writing.run(lambda: self.files.end(letter_ids, "replayed"))
        finally:
            self.kept = max(0, self.kept - len(letter_ids))
            self._unlock()
        self._ended.difference_update(letter_ids)

    def close(self) -> None:
        """Let other processes replay, also what is still under way here: it stays a letter until it has arrived."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # ------------------------------------------------------------------------------------------------ removing

    async def purge(self, letter_ids: Sequence[int]) -> int:
        """Take letters out of the files, except those under way."""
        ids = set(letter_ids) - self.board.in_hand()
        purged = await self.writing.run(lambda: self.files.remove(ids))
        self.kept = max(0, self.kept - purged)
        return purged

    async def expire(self) -> int:
        """Let go what is too much or too old."""
        expired = await self.writing.run(self.files.expire)
        self.kept = max(0, self.kept - expired)
        expired, self.expired = expired + self.expired, 0
        return expired


def _line(letter_id: int, *, payload: bytes, exporter: str) -> bytes:
    return line_of(letter_id, payload, exporter)


def _kept(fields: dict[str, Any]) -> Kept:
    letter = letter_of(fields)
    assert letter is not None, "pages hold letters only"  # noqa: S101 - of `LetterFiles.page`
    return Kept(letter, unpack(fields.get("original")))
