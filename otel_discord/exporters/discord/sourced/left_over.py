"""What came to a shard of a fleet and is shown by nobody there: it is found its place in another shard, or buried.

That is what was taken in for a run which is not there any more when it is routed (it goes where it would go if the run
were not known), or not there yet (it comes back), and what was meant for a destination that is configured no more.
It waits in a lane of its own meanwhile: what is put into another shard's queue is taken out of it afterwards, so that a
crash in between repeats and never loses.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord.component import Settlement, ShutdownError, StoredCard, WorkQueue
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.dead_letters.desk import Bury
from otel_discord.exporters.discord.fallback import PAGE_CARDS
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.sourced.elsewhere import Elsewhere, Parts
from otel_discord.exporters.discord.sourced.live import LiveDestinations
from otel_discord.exporters.discord.sourced.moving import as_it_came
from otel_discord.exporters.discord.sourced.names import LEFT_OVER
from otel_discord.exporters.discord.sourced.rescue import NOBODY

NEWS_S: Final = 3.0
"""So long a run that was just created may be unknown to the replica that works on it."""
_LOOK_S: Final = 0.1
_NOT_CONFIGURED: Final = Cause(
    reason=Reason.NO_DESTINATION,
    detail="it came for a destination that the configuration of this replica does not have",
)


@dataclass(slots=True, kw_only=True)
class LeftOver:
    """Of one shard. ``bury`` ends the cards of a lane."""

    queue: WorkQueue
    desk: FoldDesk
    live: LiveDestinations | None
    elsewhere: Elsewhere
    bury: Bury
    logger: logging.Logger
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _since_s: dict[str, float] = field(default_factory=dict)
    """Since when (loop time) a run is waited for that is not known here."""

    def has_come(self) -> None:
        """Hear that there is something."""
        self._news.set()

    async def run(self) -> None:
        """See to what there is, and to what comes, until cancelled."""
        with suppress(ShutdownError):
            while True:
                self._news.clear()
                waits = await self._empty()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_S if waits else None):
                        await self._news.wait()

    async def _empty(self) -> bool:
        """Let everything go that can; return whether something waits for a run to be known."""
        while True:
            page = await patiently(lambda: self.queue.head(LEFT_OVER, PAGE_CARDS), self.logger, "to show what waits")
            waiting = await self._see_to(page)
            if len(waiting) == len(page):
                break
        self._since_s = {run: since_s for run, since_s in self._since_s.items() if run in waiting}
        if not page:
            await self._forget_lane()
        return bool(waiting)

    async def _see_to(self, page: Sequence[StoredCard]) -> Sequence[str]:
        """Let the cards of a page go; return the runs of those that wait."""
        waiting: list[str] = []
        going: list[tuple[StoredCard, Parts, int]] = []
        unwanted: list[StoredCard] = []
        nobody: list[StoredCard] = []
        for stored in page:
            try:
                card = Card.from_bytes(stored.payload)
                run = card.been_to[0] if card.been_to else ""
                if run and self._is_awaited(run, card):
                    waiting.append(run)
                    continue
                parts = self._way_of(card, run)
            except DecodeError:
                nobody.append(stored)
                continue
            if parts:
                going.append((stored, parts, card.accepted_ns))
            else:
                (nobody if run else unwanted).append(stored)
        await self._put(going)
        await self._buried(nobody, NOBODY)
        await self._buried(unwanted, _NOT_CONFIGURED)
        return waiting

    def _is_awaited(self, run: str, card: Card) -> bool:
        """Return whether the run of a record may become known in a moment."""
        if self.live is None or self.live.takes(run) or not self.live.may_be_unknown(run, card.parts()[0]):
            return False
        now_s = asyncio.get_running_loop().time()
        return now_s < self._since_s.setdefault(run, now_s) + NEWS_S

    def _way_of(self, card: Card, run: str) -> Parts:
        if not run:
            return {}
        batch = as_it_came(card)
        if self.live is not None and self.live.takes(run):
            return self.elsewhere.back(batch, run)
        return self.elsewhere.anew(batch)

    async def _put(self, going: Sequence[tuple[StoredCard, Parts, int]]) -> None:
        if not going:
            return
        await self.elsewhere.put([parts for _, parts, _ in going], min(accepted_ns for _, _, accepted_ns in going))
        ids = [stored.id for stored, _, _ in going]
        await patiently(
            lambda: self.queue.settle(ids, Settlement.DELIVERED), self.logger, "that others show what came here"
        )
        self.logger.debug("what came for a run that is not here goes on elsewhere", extra={"cards": len(ids)})

    async def _buried(self, cards: Sequence[StoredCard], cause: Cause) -> None:
        if cards:
            await patiently(lambda: self.bury(LEFT_OVER, cards, cause), self.logger, "a dead letter")

    async def _forget_lane(self) -> None:
        async with self.desk.lock:
            if LEFT_OVER in self.desk.books and not self.desk.books[LEFT_OVER].entries:
                del self.desk.books[LEFT_OVER]
