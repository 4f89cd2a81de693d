"""Sending letters again: page by page into their lanes, and then following them to their end."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from otel_discord.component import NewCard, RetryableError
from otel_discord.component.dead_letters import ReplayRequest, ReplayState
from otel_discord.component.instruments_discord import DeadLetterInstruments
from otel_discord.exporters.discord.dead_letters.box import Comeback, Kept, ReplayedBox
from otel_discord.exporters.discord.dead_letters.letter import card_of
from otel_discord.exporters.discord.dead_letters.replay_board import ReplayBoard, Tally

PAGE: Final = 100
WINDOW: Final = 500
"""Letters under way at once: what is not begun is still a letter when somebody interrupts."""
NEWS_S: Final = 1.0
"""The longest time between two states, so that who listens knows that somebody is there."""
_REMARKS: Final = 20


class Lanes(Protocol):
    """The exporter, as far as letters need it to be sent again."""

    def known(self) -> Sequence[str]:
        """Return the names of the destinations."""
        ...

    async def admit(self, destination: str) -> str:
        """See to it that a destination takes messages; return "" or, in words, why it does not."""
        ...

    def notify(self, destination: str) -> None:
        """Say that cards have come into its lane."""
        ...

    def priority(self, severity: int) -> int:
        """Return the priority of a card."""
        ...


@dataclass(slots=True, kw_only=True)
class Replay:
    """One request to send letters again."""

    request: ReplayRequest
    box: ReplayedBox
    board: ReplayBoard
    lanes: Lanes | None
    """None: nothing here sends."""
    instruments: DeadLetterInstruments
    wall_clock_ns: Callable[[], int]
    tally: Tally = field(default_factory=Tally)
    _chosen: int = 0
    _left: int = 0
    _by_destination: Counter[str] = field(default_factory=Counter)
    _remarks: dict[str, None] = field(default_factory=dict)
    _closed: dict[str, str] = field(default_factory=dict)

    async def run(self) -> AsyncIterator[ReplayState]:
        """Yield how far it has come.

        Raises:
            RetryableError: another process is replaying, or nothing here sends.
        """
        if self.request.dry_run:
            async for state in self._all_pages():
                yield state
        elif self.lanes is None:
            raise RetryableError("nothing here sends messages, so nothing can be sent again")
        else:
            async with self.box.replaying(self.request.wait_s) as is_alone:
                if not is_alone:
                    raise RetryableError("another process is sending these dead letters again")
                async for state in self._all_pages():
                    yield state
                async for state in self._until(lambda: not self.tally.waiting):
                    yield state
        yield self._state(done=True)

    async def _all_pages(self) -> AsyncIterator[ReplayState]:
        """Look at each letter that is there now; those which die again meanwhile get higher ids and wait."""
        to_see = await self.box.total(self.request.chosen)
        after_id = 0
        while to_see > 0:
            page = await self.box.page(self.request.chosen, after_id=after_id, limit=min(PAGE, to_see))
            if not page:
                return
            to_see -= len(page)
            after_id = page[-1].letter.id
            under_way = self.board.in_hand()
            await self._one_page([kept for kept in page if kept.letter.id not in under_way])
            yield self._state()
            async for state in self._until(lambda: self.tally.waiting < WINDOW):
                yield state
            if self.tally.waiting >= WINDOW:
                self._remark("The destinations take no messages; what was not begun yet stays.")
                return

    async def _one_page(self, page: Sequence[Kept]) -> None:
        comebacks: list[Comeback] = []
        for kept in page:
            self._chosen += 1
            destination = self.request.to or kept.letter.destination
            comeback = await self._comeback(kept, destination)
            if comeback is None:
                self._left += 1
                continue
            self._by_destination[destination] += 1
            comebacks.append(comeback)
        if comebacks and not self.request.dry_run:
            revived = await self.box.revive(comebacks, self.tally)
            self._chosen -= len(comebacks) - revived  # somebody else was quicker
            self.instruments.replayed(revived)
            for destination in {item.card.lane for item in comebacks}:
                if self.lanes is not None:
                    self.lanes.notify(destination)

    async def _comeback(self, kept: Kept, destination: str) -> Comeback | None:
        why_not = await self._why_closed(destination)
        if why_not:
            self._remark(why_not)
            return None
        card = None if kept.payload is None else card_of(kept.payload, now_ns=self.wall_clock_ns())
        if card is None:
            self._remark(f"Letter {kept.letter.id} is damaged and cannot be sent.")
            return None
        priority = self.lanes.priority(card.severity) if self.lanes is not None else 0
        return Comeback(kept.letter.id, NewCard(destination, priority, card.to_bytes()))

    async def _why_closed(self, destination: str) -> str:
        if destination not in self._closed:
            self._closed[destination] = await self._look_at(destination)
        return self._closed[destination]

    async def _look_at(self, destination: str) -> str:
        if self.lanes is None:
            return ""
        if destination not in self.lanes.known():
            known = ", ".join(self.lanes.known())
            return f"There is no destination {destination!r}; --to names another (there are: {known})."
        return "" if self.request.dry_run else await self.lanes.admit(destination)

    def _remark(self, text: str) -> None:
        if len(self._remarks) < _REMARKS:
            self._remarks[text] = None

    async def _until(self, is_over: Callable[[], bool]) -> AsyncIterator[ReplayState]:
        """Wait for the end of cards, as long as there is news within ``wait_s``."""
        loop = asyncio.get_running_loop()
        patience_ends_s = loop.time() + self.request.wait_s
        while not is_over() and loop.time() < patience_ends_s:
            self.tally.news.clear()
            try:
                async with asyncio.timeout_at(min(patience_ends_s, loop.time() + NEWS_S)):
                    await self.tally.news.wait()
                patience_ends_s = loop.time() + self.request.wait_s
            except TimeoutError:
                pass
            yield self._state()

    def _state(self, *, done: bool = False) -> ReplayState:
        return ReplayState(
            chosen=self._chosen,
            revived=self.tally.revived,
            delivered=self.tally.delivered,
            dead_again=self.tally.dead_again,
            left=self._left,
            remarks=tuple(self._remarks),
            by_destination=dict(self._by_destination),
            done=done,
        )
