"""The dead letters of all shards of a fleet as one list: ids are unique over shards."""

import asyncio
import heapq
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

from otel_discord.component import EVERY_LETTER, LetterFilter, PermanentError, RetryableError
from otel_discord.component.dead_letters import DeadLetters, Letter, ReplayRequest, ReplayState
from otel_discord.component.errors import ComponentError
from otel_discord.exporters.discord.dead_letters.limited import limited
from otel_discord.exporters.discord.fleet.asked_fleet_letters import sum_of
from otel_discord.exporters.discord.mutes.held_lanes import destination_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MergedLetters:
    """The letters of several shards as those of one exporter. ``configured`` are its destinations."""

    shards: Mapping[int, DeadLetters]
    configured: Collection[str]

    def letters(
        self, chosen: LetterFilter = EVERY_LETTER, *, limit: int = 0, newest: bool = True
    ) -> AsyncIterator[Letter]:
        """Yield letters by their ids, oldest first, page by page of each shard."""
        each = [desk.letters(chosen, limit=limit, newest=newest) for desk in self.shards.values()]
        return limited(_merged(each), limit, newest=newest)

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


async def _merged(sources: Sequence[AsyncIterator[Letter]]) -> AsyncGenerator[Letter, None]:
    """Yield letters of several sorted sources by id, each once; the first of each are fetched at the same time."""
    try:
        firsts = await _all_of([anext(source, None) for source in sources])
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


async def _all_of(works: Sequence[Awaitable[T]]) -> list[T]:
    """Return what all of them return, or raise what the first of them has raised, once none of them runs any more.

    So what they were asked of can be closed.
    """
    ended = await asyncio.gather(*works, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
    return cast("list[T]", ended)


async def _next(states: AsyncIterator[ReplayState]) -> ReplayState | ComponentError | None:
    try:
        return await anext(states, None)
    except ComponentError as error:
        return error


def _some_silent(what: str, errors: Sequence[ComponentError]) -> str:
    return f"{what}: {'; '.join(dict.fromkeys(map(str, errors)))}"
