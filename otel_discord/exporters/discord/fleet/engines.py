"""The engines of a replica: one for each shard whose seat it has, from the seat's beginning to its end.

An engine is a whole exporter for some of the destinations. When another replica is to have the seat it ends as before
a reload: the message in flight is waited for, everything else stays stored. When the seat is lost it ends at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import ComponentError, Host, ShutdownError, Status
from otel_discord.component.fleet import Fleet, Seat
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.exporters.discord.fleet.shard_host import ShardHost, StatusOfAll

HANDING_OVER_S: Final = 5.0
"""For the messages in flight of a shard that another replica is to have."""
_ABANDONING_S: Final = 3.0
"""For what is cancelled to fall silent."""
_LOOK_S: Final = 0.25
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
"""Between attempts to work on a shard whose engine fails."""


@dataclass(slots=True, kw_only=True)
class Engines:
    """Of one exporter on one replica.

    ``new`` makes the engine of a seat, which nobody has opened; while ``answering`` is open it answers what other
    replicas ask.
    """

    fleet: Fleet
    host: Host
    new: Callable[[Seat], DiscordExporter]
    logger: logging.Logger
    answering: Callable[[Seat, DiscordExporter], AbstractAsyncContextManager[None]]
    held: dict[int, DiscordExporter] = field(default_factory=dict)
    """Those that work now, by shard."""
    _statuses: StatusOfAll = field(init=False)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: "set[asyncio.Task[None] | None]" = field(default_factory=set)
    """Workers that have a seat."""
    _deadline_s: float = 0.0
    _hands_over: bool = False

    def __post_init__(self) -> None:
        """Report as one."""
        self._statuses = StatusOfAll(self.host)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work on what this replica is to work on; who uses it calls :meth:`end` before it leaves."""
        async with asyncio.TaskGroup() as tasks:
            workers = [
                tasks.create_task(self._work(), name=f"worker {number} of {self.fleet.shards}")
                for number in range(self.fleet.shards)
            ]
            try:
                yield
            finally:
                for worker in workers:
                    worker.cancel()

    async def end(self, deadline_s: float, *, hands_over: bool) -> None:
        """End all engines.

        Args:
            deadline_s: loop time by which they should have ended.
            hands_over: whether somebody follows at once, so that only messages in flight are waited for.
        """
        self._deadline_s, self._hands_over = deadline_s, hands_over
        self._closing.set()
        busy = [worker for worker in self._busy if worker is not None]
        if busy:
            left_s = max(0.0, deadline_s - asyncio.get_running_loop().time())
            await asyncio.wait(busy, timeout=left_s + 2 * _ABANDONING_S)

    async def _work(self) -> None:
        """Work on one shard after the other, until the fleet or this is closed."""
        me = asyncio.current_task()
        while not self._closing.is_set():
            try:
                async with self.fleet.next_seat() as seat:
                    self._busy.add(me)
                    try:
                        await self._hold(seat)
                    finally:
                        self._busy.discard(me)
            except ShutdownError:
                return
            except ComponentError as error:
                self.logger.warning("a shard cannot be worked on for now: %s", error)
                await asyncio.sleep(_FIRST_PAUSE_S)
            except Exception:
                self.logger.exception("a seat has failed, and is looked for again; please report this")
                await asyncio.sleep(_FIRST_PAUSE_S)

    async def _hold(self, seat: Seat) -> None:
        """Run an engine until the seat is to be given up; one that fails is begun anew, after a pause."""
        ending = asyncio.create_task(self._ending_of(seat), name=f"end of the seat of shard {seat.shard}")
        pause_s = _FIRST_PAUSE_S
        try:
            while not (ending.done() or self._closing.is_set()):
                failure = await self._run(seat, ending)
                if failure is None:
                    return
                words = str(failure) if isinstance(failure, ComponentError) else type(failure).__name__
                self.logger.error("shard %d: %s; trying again", seat.shard, words, exc_info=failure)
                self._statuses.report(seat.shard, Status.RECOVERABLE, f"shard {seat.shard}: {words}")
                await asyncio.wait([ending], timeout=pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        finally:
            await _stopped(ending)
            self._statuses.forget(seat.shard)

    async def _ending_of(self, seat: Seat) -> None:
        """Return when the seat is to be given up, or everything ends."""
        ended, closing = (
            asyncio.create_task(seat.ended(), name=f"seat of shard {seat.shard}"),
            asyncio.create_task(self._closing.wait(), name=f"closing of shard {seat.shard}"),
        )
        try:
            await asyncio.wait([ended, closing], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _stopped(ended, closing)

    async def _run(self, seat: Seat, ending: "asyncio.Task[None]") -> BaseException | None:
        """Run one engine until ``ending`` is done; return why it has failed before."""
        host = ShardHost(self.host, seat.shard, self._statuses, hands_over=True)
        leave = asyncio.Event()
        life = asyncio.create_task(self._live(seat, host, leave), name=f"engine of shard {seat.shard}")
        try:
            await asyncio.wait([life, ending], return_when=asyncio.FIRST_COMPLETED)
            if not life.done() and not seat.is_lost:
                self._end_in_order(host, self.held.get(seat.shard))
                leave.set()
                await self._ended_in_order(seat, host, life)
        finally:
            await _stopped(life)
        failure = None if life.cancelled() else life.exception()
        if failure is None or seat.is_lost or ending.done():
            return None
        return _first_of(failure)

    async def _live(self, seat: Seat, host: ShardHost, leave: asyncio.Event) -> None:
        engine = self.new(seat)
        async with engine.lifespan(host), self.answering(seat, engine):
            self.held[seat.shard] = engine
            try:
                await leave.wait()
            finally:
                del self.held[seat.shard]

    def _end_in_order(self, host: ShardHost, engine: DiscordExporter | None) -> None:
        """Say how an engine is to end. What is in memory alone is sent as far as there is time."""
        host.hands_over = self._hands_over if self._closing.is_set() else True
        host.deadline_s = asyncio.get_running_loop().time() + HANDING_OVER_S
        if self._closing.is_set():
            host.deadline_s = min(host.deadline_s, self._deadline_s) if host.hands_over else self._deadline_s
        if engine is not None and engine.would_lose:
            host.hands_over = False

    async def _ended_in_order(self, seat: Seat, host: ShardHost, life: "asyncio.Task[None]") -> None:
        """Return when an engine has ended, or its time is over, or its seat is lost."""
        loop = asyncio.get_running_loop()
        until_s = (host.deadline_s or loop.time()) + _ABANDONING_S
        while not life.done() and not seat.is_lost and loop.time() < until_s:
            await asyncio.wait([life], timeout=_LOOK_S)


async def _stopped(*tasks: "asyncio.Task[None] | asyncio.Task[bool]") -> None:
    """Cancel tasks and wait until they have ended; what they raise is looked at by who wants to know."""
    unfinished = {task for task in tasks if not task.done()}
    while unfinished:
        for task in unfinished:
            task.cancel()
        _, unfinished = await asyncio.wait(unfinished, timeout=_ABANDONING_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()


def _first_of(failure: BaseException) -> BaseException:
    """Return what went wrong first, out of its groups."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure
