"""Readable copies of letters that are rows: JSON Lines for people and their tools, written after the commit.

How far they have come is noted beside the rows, so that what a crash left out is written at the next start. A copy
that cannot be written costs a line in the log and nothing else.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from otel_discord.component import StoredLetter, WorkQueue
from otel_discord.exporters.discord.dead_letters.letter_files import LetterFiles
from otel_discord.exporters.discord.dead_letters.line import line_of
from otel_discord.exporters.discord.dead_letters.off_loop import OffLoop

COPIED_KEY: Final = "dead_letters/copied"
_PAGE: Final = 200


@dataclass(slots=True)
class LetterCopies:
    """Follows the rows of one exporter."""

    queue: WorkQueue
    files: LetterFiles
    exporter: str
    writing: OffLoop = field(default_factory=lambda: OffLoop("copies of dead letters"))
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def follow(self) -> None:
        """Write what rows there are without a copy.

        Raises:
            OSError: the disk failed; the rest is written the next time.
        """
        async with self._turn:
            copied = int(await self.queue.get_state(COPIED_KEY) or b"0")
            while rows := await self.queue.letters(after_id=copied, limit=_PAGE):
                await self._write(rows)
                copied = rows[-1].id
                await self.queue.set_state(COPIED_KEY, str(copied).encode())

    async def _write(self, rows: Sequence[StoredLetter]) -> None:
        lines = [partial(line_of, payload=row.payload, exporter=self.exporter) for row in rows]
        await self.writing.run(lambda: self.files.append(lines, [row.id for row in rows]))

    async def remove(self, letter_ids: Sequence[int]) -> None:
        """Take copies away, as their letters were.

        Raises:
            OSError: the disk failed; they stay until they are too old.
        """
        await self.writing.run(lambda: self.files.remove(letter_ids))

    async def expire(self) -> None:
        """Let go what is too much or too old.

        Raises:
            OSError: the disk failed.
        """
        await self.writing.run(self.files.expire)
