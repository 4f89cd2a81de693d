"""Replays that another replica has asked for: they run here, and who asked looks at them now and then.

Who does not look any more has gone: then the replay stops as if he had stopped listening.
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

from otel_discord.component import LetterFilter, RetryableError
from otel_discord.component.dead_letters import ReplayState
from otel_discord.component.errors import ComponentError
from otel_discord.exporters.discord.dead_letters.box import Comeback, Kept
from otel_discord.exporters.discord.dead_letters.desk import DeadLetterDesk
from otel_discord.exporters.discord.dead_letters.replay_board import Tally
from otel_discord.exporters.discord.fleet import questions as q

LOOKED_AT_EVERY_S: Final = 20.0
"""Who has not looked for so long has gone."""
LONGEST_LOOK_S: Final = 5.0
GONE: Final = "no_such_replay"
"""Reason of the error where a replay is not known: it was begun by who had the shard before."""


class WholeLetters(Protocol):
    """Another shard's dead letters, for a replay to a destination of this shard."""

    async def total(self, chosen: LetterFilter) -> int:
        """Return how many there are."""
        ...

    async def page(self, chosen: LetterFilter, *, after_id: int, limit: int) -> Sequence[q.WholeLetter]:
        """Return some with ids above ``after_id``, oldest first."""
        ...

    async def forget(self, letter_ids: Sequence[int]) -> None:
        """Remove letters that are cards now."""
        ...


@dataclass(slots=True)
class GuestBox:
    """The letters of another shard, sent again through the lanes of this one.

    First they are cards here, then they are no letters there: a crash in between repeats some of a page of messages
    when they are replayed once more, and loses nothing.
    """

    letters: WholeLetters
    desk: DeadLetterDesk

    async def total(self, chosen: LetterFilter) -> int:
        """Return how many letters there are."""
        return await self.letters.total(chosen)

    async def page(self, chosen: LetterFilter, *, after_id: int, limit: int) -> Sequence[Kept]:
        """Return letters, oldest first; fewer than asked for where they are large."""
        return [
            Kept(each.letter, _payload(each))
            for each in await self.letters.page(chosen, after_id=after_id, limit=limit)
        ]

    @asynccontextmanager
    async def replaying(self, patience_s: float) -> AsyncIterator[bool]:  # noqa: ARG002
        """The replica that has the other shard is asked for each of its letters."""
        yield True

    async def revive(self, comebacks: Sequence[Comeback], tally: Tally) -> int:
        """Put cards into the lanes, and take the letters away where they were."""
        for card_id in await self.desk.queue.adopt([each.card for each in comebacks]):
            self.desk.board.watch(card_id, 0, tally)
        await self.letters.forget([each.letter_id for each in comebacks])
        return len(comebacks)


@dataclass(slots=True)
class _Running:
    state: ReplayState = field(default_factory=lambda: ReplayState(by_destination={}))
    error: ComponentError | None = None
    looked_s: float = 0.0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        return self.state.done or self.error is not None


@dataclass(slots=True)
class AnsweredReplays:
    """Of one shard. Open it with :meth:`running`."""

    shard: int
    whole_letters: Callable[[int], WholeLetters]
    tasks: asyncio.TaskGroup
    _running: dict[str, _Running] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def running(
        cls, shard: int, whole_letters: Callable[[int], WholeLetters]
    ) -> AsyncIterator["AnsweredReplays"]:
        """Let replays run as long as the block does."""
        async with asyncio.TaskGroup() as tasks:
            replays = cls(shard, whole_letters, tasks)
            watch = tasks.create_task(replays._stop_what_nobody_looks_at(), name=f"replays of shard {shard}")
            try:
                yield replays
            finally:
                watch.cancel()
                for name in list(replays._running):
                    await replays.stop(name)

    def start(self, start: q.ReplayStart, desk: DeadLetterDesk) -> None:
        """Begin a replay, unless it has begun."""
        if start.id in self._running:
            return
        one = self._running[start.id] = _Running(looked_s=asyncio.get_running_loop().time())
        box = desk.box if start.source == self.shard else GuestBox(self.whole_letters(start.source), desk)
        one.task = self.tasks.create_task(
            _follow(one, desk.replay_from(box, start.request)), name=f"replay {start.id} of shard {self.shard}"
        )

    async def look(self, look: q.ReplayLook) -> ReplayState:
        """Return how far a replay has come, once there is news.

        Raises:
            RetryableError: it is not known here (``reason`` is ``GONE``), or it has failed.
        """
        one = self._running.get(look.id)
        if one is None:
            raise RetryableError("the replay is not known here", reason=GONE)
        one.looked_s = asyncio.get_running_loop().time()
        if not one.is_over:
            try:
                async with asyncio.timeout(min(look.wait_s, LONGEST_LOOK_S)):
                    await one.news.wait()
            except TimeoutError:
                pass
        one.news.clear()
        if one.error is not None:
            raise one.error
        return one.state

    async def stop(self, name: str) -> None:
        """Stop a replay: what is under way stays so, the rest stays a letter. One that is not known has ended."""
        one = self._running.pop(name, None)
        if one is not None and one.task is not None:
            one.task.cancel()
            await asyncio.wait([one.task])

    async def _stop_what_nobody_looks_at(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOKED_AT_EVERY_S / 2)
            for name, one in list(self._running.items()):
                if one.looked_s < loop.time() - LOOKED_AT_EVERY_S:
                    await self.stop(name)


async def _follow(one: _Running, states: AsyncIterator[ReplayState]) -> None:
    try:
        async with aclosing(cast("Any", states)) as told:
            async for state in told:
                one.state = state
                one.news.set()
    except ComponentError as error:
        one.error = error
    except Exception as error:  # noqa: BLE001 - whoever looks is told; nobody else's replay ends with it
        one.error = RetryableError(f"the replay failed: {type(error).__name__}")
    finally:
        one.news.set()


def _payload(whole: q.WholeLetter) -> bytes | None:
    if whole.payload is None:
        return None
    try:
        return base64.b64decode(whole.payload, validate=True)
    except (binascii.Error, ValueError):
        return None
