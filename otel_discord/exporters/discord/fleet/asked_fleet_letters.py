"""The dead letters of all shards of a fleet as one list: ids are unique over shards."""

import asyncio
import heapq
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar, cast

from otel_discord.component import EVERY_LETTER, LetterFilter, PermanentError, RetryableError
from otel_discord.component.dead_letters import DeadLetters, Letter, ReplayRequest, ReplayState
from otel_discord.component.errors import ComponentError
from otel_discord.exporters.discord.fleet import questions as q
from otel_discord.exporters.discord.fleet.answers_replay import GONE
from otel_discord.exporters.discord.fleet.asked_fleet_inquiry import Inquiry
from otel_discord.exporters.discord.mutes.held_lanes import destination_of

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
T = TypeVar("T")


# --------------------------------------------------------------------------------------------------- of one shard


@dataclass(frozen=True, slots=True)
class AskedLetters:
    """``component.dead_letters.DeadLetters`` of one shard, wherever it is worked on."""

    inquiry: Inquiry
    shard: int

    async def letters(
        self, chosen: LetterFilter = EVERY_LETTER, *, limit: int = 0, newest: bool = True
    ) -> AsyncIterator[Letter]:
        """Yield letters, oldest first."""
        if 0 < limit <= MOST_NEWEST and newest:
            page = q.Page(chosen=chosen, limit=limit)
            for letter in await self.inquiry.one(self.shard, q.NEWEST_LETTERS, page, ANSWER_S, insist=True):
                yield letter
            return
        last: deque[Letter] = deque(maxlen=limit)
        told = 0
        async for letter in self._all(chosen):
            if limit and newest:
                last.append(letter)
                continue
            yield letter
            told += 1
            if told == limit:
                return
        for letter in last:
            yield letter

    async def _all(self, chosen: LetterFilter) -> AsyncIterator[Letter]:
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
        name = secrets.token_hex(8)
        start = q.ReplayStart(id=name, request=request, source=self.shard)
        await self.inquiry.one(where, q.START_REPLAY, start, ANSWER_S, insist=True)
        is_done = False
        try:
            while not is_done:
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


# --------------------------------------------------------------------------------------------------- of all shards


@dataclass(frozen=True, slots=True)
class MergedLetters:
    """The letters of several shards as those of one exporter. ``configured`` are its destinations."""

    shards: Mapping[int, DeadLetters]
    configured: Collection[str]

    async def letters(
        self, chosen: LetterFilter = EVERY_LETTER, *, limit: int = 0, newest: bool = True
    ) -> AsyncIterator[Letter]:
        """Yield letters by their ids, oldest first, page by page of each shard."""
        last: deque[Letter] = deque(maxlen=limit)
        told = 0
        each = [desk.letters(chosen, limit=limit, newest=newest) for desk in self.shards.values()]
        async with aclosing(cast("Any", _merged(each))) as merged:
            async for letter in merged:
                if limit and newest:
                    last.append(letter)
                    continue
                yield letter
                told += 1
                if told == limit:
                    return
        for letter in last:
            yield letter

    async def letter(self, letter_id: int) -> Mapping[str, Any] | None:
        """Return everything readable of one letter, whoever has it.

        Raises:
            RetryableError: nobody who was reached has it.
        """
        found, errors = await self._each(lambda desk: desk.letter(letter_id))
        there = next((each for each in found.values() if each is not None), None)
        if there is None and errors:
            raise RetryableError(_some_silent("perhaps the letter is there", errors))
        return there

    async def replay(self, request: ReplayRequest) -> AsyncIterator[ReplayState]:
        """Send letters again, in all shards at once; a shard that fails is a remark, unless each one does."""
        running = {shard: desk.replay(request) for shard, desk in self.shards.items()}
        states = dict.fromkeys(running, ReplayState(by_destination={}))
        errors: dict[int, ComponentError] = {}
        try:
            while running:
                shards = list(running)
                nexts = await asyncio.gather(*(_next(running[shard]) for shard in shards))
                for shard, state in zip(shards, nexts, strict=True):
                    if isinstance(state, ReplayState):
                        states[shard] = state
                        continue
                    del running[shard]
                    if state is not None:
                        errors[shard] = state
                        states[shard] = replace(states[shard], remarks=(*states[shard].remarks, str(state)))
                if len(errors) == len(self.shards):
                    raise next(iter(errors.values()))
                if running:
                    yield replace(sum_of(states.values()), done=False)
        finally:
            await asyncio.gather(*(cast("Any", each).aclose() for each in running.values()))
        yield sum_of(states.values(), done=True)

    async def purge(self, chosen: LetterFilter) -> int:
        """Remove letters for good; return how many.

        Raises:
            RetryableError: a shard did not do it; says what the others did.
        """
        found, errors = await self._each(lambda desk: desk.purge(chosen))
        if errors:
            raise RetryableError(_some_silent(f"{sum(found.values()):,} letters are removed, not all", errors))
        return sum(found.values())

    async def bury_lane(self, destination: str) -> int:
        """Make dead letters of what waits for a destination that is not configured any more.

        Raises:
            PermanentError: the destination is configured: what waits for it is sent.
        """
        if destination_of(destination) in self.configured:
            raise PermanentError(f"the destination {destination!r} is configured: what waits for it will be sent")
        found, errors = await self._each(lambda desk: desk.bury_lane(destination))
        if errors:
            raise RetryableError(_some_silent(f"{sum(found.values()):,} are dead letters now, perhaps not all", errors))
        return sum(found.values())

    async def orphaned_lanes(self) -> Sequence[str]:
        """Return the lanes that hold cards and belong to no destination."""
        found, errors = await self._each(lambda desk: desk.orphaned_lanes())
        if errors:
            raise RetryableError(_some_silent("what waits cannot be looked at", errors))
        return sorted({lane for lanes in found.values() for lane in lanes})

    async def _each(self, do: Callable[[DeadLetters], Awaitable[T]]) -> tuple[dict[int, T], list[ComponentError]]:
        found: dict[int, T] = {}
        errors: list[ComponentError] = []

        async def one(shard: int, desk: DeadLetters) -> None:
            try:
                found[shard] = await do(desk)
            except ComponentError as error:
                errors.append(error)

        await asyncio.gather(*(one(shard, desk) for shard, desk in self.shards.items()))
        return found, errors


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


async def _merged(sources: Sequence[AsyncIterator[Letter]]) -> AsyncIterator[Letter]:
    """Yield letters of several sorted sources by id, each once; the first of each are fetched at the same time."""
    try:
        firsts = await asyncio.gather(*(anext(source, None) for source in sources))
        heap = [(letter.id, number, letter) for number, letter in enumerate(firsts) if letter is not None]
        heapq.heapify(heap)
        last_id = -1
        while heap:
            letter_id, number, letter = heap[0]
            if letter_id != last_id:
                yield letter
                last_id = letter_id
            following = await anext(sources[number], None)
            if following is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (following.id, number, following))
    finally:
        for source in sources:
            await cast("Any", source).aclose()


async def _next(states: AsyncIterator[ReplayState]) -> ReplayState | ComponentError | None:
    try:
        return await anext(states, None)
    except ComponentError as error:
        return error


def _some_silent(what: str, errors: Sequence[ComponentError]) -> str:
    return f"{what}: {'; '.join(dict.fromkeys(map(str, errors)))}"
