"""The dead letters of one shard, wherever it is worked on."""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from otel_discord.component import EVERY_LETTER, LetterFilter, RetryableError
from otel_discord.component.dead_letters import Letter, ReplayRequest, ReplayState
from otel_discord.component.errors import ComponentError
from otel_discord.exporters.discord.dead_letters.limited import limited
from otel_discord.exporters.discord.fleet import questions as q
from otel_discord.exporters.discord.fleet.answers_replay import GONE
from otel_discord.exporters.discord.fleet.asked_fleet_inquiry import Inquiry

ANSWER_S: Final = 20.0
"""For one page; who asks for it waits for 30 s."""
PURGE_S: Final = 25.0
"""Who asks for it waits for 30 s."""
NEWS_S: Final = 0.8
"""How long one look at a replay waits for news."""
PAGE: Final = 200
MOST_NEWEST: Final = 500
"""Of each shard, in one answer."""
MOVED_ON: Final = (
    "A shard went to another replica meanwhile: what was on its way is sent by that one, and is not counted here."
)


@dataclass(frozen=True, slots=True)
class AskedLetters:
    """``component.dead_letters.DeadLetters`` of one shard, wherever it is worked on."""

    inquiry: Inquiry
    shard: int

    def letters(
        self, chosen: LetterFilter = EVERY_LETTER, *, limit: int = 0, newest: bool = True
    ) -> AsyncIterator[Letter]:
        """Yield letters, oldest first."""
        if 0 < limit <= MOST_NEWEST and newest:
            return self._newest(chosen, limit)
        return limited(self._all(chosen), limit, newest=newest)

    async def _newest(self, chosen: LetterFilter, limit: int) -> AsyncIterator[Letter]:
        page = q.Page(chosen=chosen, limit=limit)
        for letter in await self.inquiry.one(self.shard, q.NEWEST_LETTERS, page, ANSWER_S, insist=True):
            yield letter

    async def _all(self, chosen: LetterFilter) -> AsyncGenerator[Letter, None]:
        page = q.Page(chosen=chosen, limit=PAGE)
        while found := await self.inquiry.one(self.shard, q.LETTERS, page, ANSWER_S, insist=True):
            for letter in found:
                yield letter
            page = replace(page, after_id=found[-1].id)

    async def letter(self, letter_id: int) -> Mapping[str, Any] | None:
        """Return everything readable of one letter."""
        return await self.inquiry.one(self.shard, q.LETTER, letter_id, ANSWER_S, insist=True)

    async def replay(self, request: ReplayRequest) -> AsyncIterator[ReplayState]:
        """Send the shard's letters again, by who has the shard that they are to go to.

        Where another replica takes that shard meanwhile, it goes on with what is still a letter.
        """
        where = self.inquiry.places.shard_of(request.to) if request.to else self.shard
        if where is None:
            count = await self.inquiry.one(self.shard, q.COUNT_LETTERS, request.chosen, ANSWER_S, insist=True)
            known = ", ".join(self.inquiry.places.configured)
            remark = f"There is no destination {request.to!r}; --to names another (there are: {known})."
            yield ReplayState(chosen=count, left=count, remarks=(remark,) * bool(count), by_destination={}, done=True)
            return
        before = ReplayState(by_destination={})
        while True:
            state = ReplayState(by_destination={})
            try:
                async with aclosing(cast("Any", self._replayed(where, request))) as states:
                    async for state in states:
                        yield sum_of((before, state), done=state.done)
            except RetryableError as error:
                if error.reason != GONE:
                    raise
            else:
                return
            before = replace(sum_of((before, state)), remarks=(*before.remarks, MOVED_ON), done=False)

    async def _replayed(self, where: int, request: ReplayRequest) -> AsyncIterator[ReplayState]:
        self.inquiry.raise_if_away()  # so that none begins that nobody hears of
        name = secrets.token_hex(8)
        start = q.ReplayStart(id=name, request=request, source=self.shard)
        await self.inquiry.one(where, q.START_REPLAY, start, ANSWER_S, insist=True)
        is_done = False
        try:
            while not is_done:
                self.inquiry.raise_if_away()  # what is on its way has its end all the same
                look = q.ReplayLook(id=name, wait_s=NEWS_S)
                state = await self.inquiry.one(where, q.LOOK_AT_REPLAY, look, ANSWER_S)
                is_done = state.done
                yield state
        finally:
            if not is_done:
                with suppress(ComponentError):  # it stops by itself where nobody looks
                    await self.inquiry.one(where, q.STOP_REPLAY, name, NEWS_S)

    async def purge(self, chosen: LetterFilter) -> int:
        """Remove letters for good."""
        return await self.inquiry.one(self.shard, q.PURGE_LETTERS, chosen, PURGE_S)

    async def bury_lane(self, destination: str) -> int:
        """Make dead letters of an orphaned lane."""
        return await self.inquiry.one(self.shard, q.BURY_LANE, destination, PURGE_S)

    async def orphaned_lanes(self) -> Sequence[str]:
        """Return the shard's lanes that belong to no destination."""
        return await self.inquiry.one(self.shard, q.ORPHANED_LANES, None, ANSWER_S, insist=True)


@dataclass(frozen=True, slots=True)
class AskedWholeLetters:
    """One shard's letters for a replay through another one's lanes; implements ``answers_replay.WholeLetters``."""

    inquiry: Inquiry
    shard: int

    async def total(self, chosen: LetterFilter) -> int:
        """Return how many there are."""
        return await self.inquiry.one(self.shard, q.COUNT_LETTERS, chosen, ANSWER_S, insist=True)

    async def page(self, chosen: LetterFilter, *, after_id: int, limit: int) -> Sequence[q.WholeLetter]:
        """Return some, oldest first."""
        page = q.Page(chosen=chosen, after_id=after_id, limit=limit)
        return await self.inquiry.one(self.shard, q.WHOLE_LETTERS, page, ANSWER_S, insist=True)

    async def forget(self, letter_ids: Sequence[int]) -> None:
        """Remove letters that are cards now."""
        await self.inquiry.one(self.shard, q.FORGET_LETTERS, list(letter_ids), ANSWER_S, insist=True)


def sum_of(states: Collection[ReplayState], *, done: bool = False) -> ReplayState:
    """Return how far several replays have come together."""
    by_destination: dict[str, int] = {}
    for state in states:
        for name, letters in state.by_destination.items():
            by_destination[name] = by_destination.get(name, 0) + letters
    return ReplayState(
        chosen=sum(each.chosen for each in states),
        revived=sum(each.revived for each in states),
        delivered=sum(each.delivered for each in states),
        dead_again=sum(each.dead_again for each in states),
        left=sum(each.left for each in states),
        remarks=tuple(dict.fromkeys(remark for each in states for remark in each.remarks)),
        by_destination=by_destination,
        done=done,
    )
