"""The dead letters of the exporter as the front desk asks for them."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from otel_discord.component import EVERY_LETTER, LetterFilter, PermanentError, StoredCard, WorkQueue
from otel_discord.component.dead_letters import Letter, ReplayRequest, ReplayState
from otel_discord.component.instruments_discord import DeadLetterInstruments
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.dead_letters.box import Kept, LetterBox, ReplayedBox
from otel_discord.exporters.discord.dead_letters.copies import LetterCopies
from otel_discord.exporters.discord.dead_letters.letter import letter_details
from otel_discord.exporters.discord.dead_letters.limited import limited
from otel_discord.exporters.discord.dead_letters.replay import Lanes, Replay
from otel_discord.exporters.discord.dead_letters.replay_board import ReplayBoard
from otel_discord.exporters.discord.mutes.held_lanes import destination_of

PAGE: Final = 200
ORPHANED: Final = "orphaned"
"""Reason of letters from the lane of a destination that is configured no more."""

Bury: TypeAlias = Callable[[str, Sequence[StoredCard], Cause], Awaitable[None]]
"""Ends cards of a lane as dead letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterDesk:
    """Implements ``component.dead_letters.DeadLetters``. ``lanes`` is None where nothing is sent."""

    exporter: str
    queue: WorkQueue
    box: LetterBox
    board: ReplayBoard
    destinations: Collection[str]
    bury: Bury
    instruments: DeadLetterInstruments
    copies: LetterCopies | None = None
    lanes: Lanes | None = None
    wall_clock_ns: Callable[[], int] = time.time_ns

    def letters(
        self, chosen: LetterFilter = EVERY_LETTER, *, limit: int = 0, newest: bool = True
    ) -> AsyncIterator[Letter]:
        """Yield letters, oldest first, page by page; of the newest only as many as asked for are held at once."""
        return limited(self._all(chosen), limit, newest=newest)

    async def _all(self, chosen: LetterFilter) -> AsyncGenerator[Letter, None]:
        after_id = 0
        while page := await self.box.page(chosen, after_id=after_id, limit=PAGE):
            for kept in page:
                yield kept.letter
            after_id = page[-1].letter.id

    async def letter(self, letter_id: int) -> Mapping[str, Any] | None:
        """Return everything readable of one letter."""
        page = await self.box.page(LetterFilter(ids=frozenset({letter_id})), after_id=letter_id - 1, limit=1)
        if not page:
            return None
        return page[0].letter.to_json() | {
            "exporter": self.exporter,
            "record": letter_details(page[0].payload) if page[0].payload is not None else {},
        }

    async def replay(self, request: ReplayRequest) -> AsyncIterator[ReplayState]:
        """Send letters again."""
        async for state in self.replay_from(self.box, request):
            yield state

    async def replay_from(self, box: ReplayedBox, request: ReplayRequest) -> AsyncIterator[ReplayState]:
        """Send the letters of a box again, which may be another shard's, through the lanes that are here."""
        replay = Replay(
            request=request,
            box=box,
            board=self.board,
            lanes=self.lanes,
            instruments=self.instruments,
            wall_clock_ns=self.wall_clock_ns,
        )
        async for state in replay.run():
            yield state

    async def purge(self, chosen: LetterFilter) -> int:
        """Remove letters for good, and the copies of them."""
        purged = 0
        after_id = 0
        while page := await self.box.page(chosen, after_id=after_id, limit=PAGE):
            after_id = page[-1].letter.id
            purged += await self.forget([kept.letter.id for kept in page])
        self.instruments.purged(purged, "hand")
        return purged

    async def page(self, chosen: LetterFilter, *, after_id: int, limit: int) -> Sequence[Kept]:
        """Return letters with ids above ``after_id``, oldest first, with what it takes to send them again."""
        return await self.box.page(chosen, after_id=after_id, limit=limit)

    async def forget(self, letter_ids: Sequence[int]) -> int:
        """Remove letters that are cards elsewhere now, and the copies of them; return how many there were."""
        removed = await self.box.purge(letter_ids)
        if self.copies is not None:
            await self.copies.remove(letter_ids)
        return removed

    async def bury_lane(self, destination: str) -> int:
        """Make dead letters of an orphaned lane.

        Raises:
            PermanentError: the destination is configured: what waits for it is sent.
        """
        if destination_of(destination) in self.destinations:
            raise PermanentError(f"the destination {destination!r} is configured: what waits for it will be sent")
        buried = 0
        while stored := await self.queue.head(destination, PAGE):
            await self.bury(destination, stored, Cause(reason=ORPHANED, detail="the destination is not configured"))
            buried += len(stored)
        return buried

    async def orphaned_lanes(self) -> Sequence[str]:
        """Return the lanes that hold cards and belong to no destination."""
        return [lane for lane in await self.queue.lanes() if destination_of(lane) not in self.destinations]
