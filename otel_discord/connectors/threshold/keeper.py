"""Keeps alerts where the connector keeps its state, so that a kill at any moment neither repeats nor forgets a firing.

The order of one evaluation that changes something:

1. The alerts change in memory.
2. One value, the journal, is stored: the changed alerts together with the batch that tells of them, under a number.
3. The batch is handed on.
4. The number is stored as handed on.

A kill before 2 leaves the alerts as they were: the next run finds the same and tells it. Between 2 and 3 the next run
finds a number that is not handed on, and hands on that very batch. After 4 nothing is left to do. What remains is the
moment between 3 and 4: the batch was accepted, and that it was is not on disk. Then it is handed on once more, the
same to the byte: the same fingerprint, times and values, by which who receives it can tell that it knows it.

Values and peaks are stored now and then only, like the measures; a crash may make them that much older.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from otel_discord.component import WorkQueue
from otel_discord.connectors.threshold.book import PARTS, Book, Entry, Key, part_pieces
from otel_discord.connectors.threshold.journal import Journal, apply_segment
from otel_discord.exporterhelper.kept_state import KeptState

JOURNAL: Final = "journal"
"""There is a value under this key as long as anything is known of alerts."""
_HANDED_ON: Final = "handed_on"
_LONGEST_JOURNAL: Final = 1_000
GiveWay: TypeAlias = Callable[[], Awaitable[None]]


async def _let_others() -> None:
    await asyncio.sleep(0)


@dataclass(slots=True, kw_only=True)
class AlertKeeper:
    """Of one connector."""

    queue: WorkQueue
    book: Book
    logger: logging.Logger
    _journal: Journal = field(default_factory=Journal)
    _state: KeptState = field(init=False)
    _storing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the journal, or what it names, is stored."""

    def __post_init__(self) -> None:
        self._state = KeptState(
            queue=self.queue,
            logger=self.logger,
            failing="alerts cannot be stored now; they are sent all the same, and a crash may repeat them",
            again="alerts are stored again",
        )

    async def restore(self) -> bytes:
        """Bring the book to where an earlier run ended; return the batch that it did not hand on, b"" for none.

        Raises:
            RetryableError: the storage cannot be read now.
        """
        lost = 0
        for part in range(PARTS):  # one by one, so that others have a turn
            stored = await self.queue.get_state(_part_key(part))
            lost += self.book.restore([stored]) if stored else 0
        if lost:
            self.logger.error("%d of %d parts of the stored alerts cannot be read; theirs begin anew", lost, PARTS)
        stored = await self.queue.get_state(JOURNAL)
        if not stored:
            return b""
        try:
            self._journal = Journal.from_bytes(stored)
        except ValueError as error:
            self.logger.warning("the journal of alerts cannot be read, so the latest of them begin anew: %s", error)
            return b""
        await self._restore_segments()
        self._journal.apply_to(self.book)
        handed_on = await self.queue.get_state(_HANDED_ON) or b"0"
        return b"" if int(handed_on) >= self._journal.number else self._journal.batch

    async def write(self, changed: Iterable[Key], batch: bytes) -> bool:
        """Store turns of lives together with what is to be told of them (b"": nothing); return whether that is done."""
        async with self._storing:
            for key in changed:
                self._journal.note(key, self.book)
                self.book.touch(key)
            if batch:
                self._journal.tell(batch)
            else:
                self._journal.batch = b""
            await self._put_aside_what_is_long()
            return await self._state.store(JOURNAL, self._journal.to_bytes())

    async def _put_aside_what_is_long(self) -> None:
        if self._journal.own_length < _LONGEST_JOURNAL:
            return
        if await self._state.store(_segment_key(self._journal.segments), self._journal.segment()):
            self._journal.put_aside()

    async def handed_on(self) -> None:
        """Store that the batch has been accepted by whoever comes next."""
        await self._state.store(_HANDED_ON, str(self._journal.number).encode())

    async def forget(self) -> bool:
        """Remove what is stored of alerts, once another keeper has them; return whether that is done.

        Wherever it ends early, what is left can be restored: some of the alerts, and at most a batch that was handed
        on already.
        """
        segments = [_segment_key(number) for number in range(self._journal.segments)]
        for key in (*map(_part_key, range(PARTS)), _HANDED_ON, JOURNAL, *segments):
            if not await self._state.store(key, None):
                return False
        return True

    @property
    def is_long(self) -> bool:
        """Whether the journal should make room."""
        return self._journal.length >= max(_LONGEST_JOURNAL, self.book.size // 4)

    async def write_whole(self, give_way: GiveWay = _let_others) -> None:
        """Store the alerts whole, as far as they changed, and make the journal short.

        Alerts may go on while ``give_way`` is waited for, which must not return before what is to be told of them is
        stored. What changes meanwhile stays in the journal.
        """
        left = self.book.take_touched()
        self._journal.mark()
        parts: dict[int, list[tuple[Key, Entry]]] = {part: [] for part in left}
        try:
            for _ in self.book.sort_out(parts):
                await give_way()
            for part, entries in parts.items():
                value = bytearray()
                await give_way()
                for piece in part_pieces(entries):
                    value += piece
                    await give_way()
                if not await self._state.store(_part_key(part), bytes(value)):
                    return
                left.discard(part)
        finally:
            self.book.not_stored(left)
        async with self._storing:
            await self._make_the_journal_short()

    async def _make_the_journal_short(self) -> None:
        short = self._journal.since_marked()
        if short is None or short.length >= self._journal.length:
            return
        if await self._state.store(JOURNAL, short.to_bytes()):
            gone, self._journal = self._journal.segments, short
            for number in range(gone):
                await self._state.store(_segment_key(number), None)

    async def _restore_segments(self) -> None:
        for number in range(self._journal.segments):
            try:
                apply_segment(await self.queue.get_state(_segment_key(number)) or b"", self.book)
            except ValueError as error:
                self.logger.warning("a part of the journal of alerts cannot be read; its alerts begin anew: %s", error)


def _part_key(part: int) -> str:
    return f"alerts/{part:02d}"


def _segment_key(number: int) -> str:
    return f"{JOURNAL}/{number:04d}"
