"""The lanes of destinations that a source names: opened when the first is heard of them, ended when they are over.

Each has what a configured destination has: an outbox with its sender, a book, gauges, notes for those who watch. When
one goes, what waits in it goes elsewhere (``rescue``), and everything that is known of it is forgotten, in memory and
in the storage. Which lanes there are is stored, so that one that has gone while nobody ran is cleaned up after as well.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from otel_discord.component import RetryableError, ShutdownError, StoredCard
from otel_discord.component.destination_source import DestinationSource, MendsDestinations, RunCard
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.lane import Lane, patiently
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.lane_state import pings_key, posts_key
from otel_discord.exporters.discord.mutes.held_lanes import destination_of, is_held
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.own_messages import OwnMessages
from otel_discord.exporters.discord.sourced.live import LiveDestinations
from otel_discord.exporters.discord.sourced.names import LEFT_OVER, is_sourced
from otel_discord.exporters.discord.sourced.rescue import Rescue
from otel_discord.exporters.discord.sourced.tally import TallyBook
from otel_discord.exporters.discord.tombstones import state_key
from otel_discord.exporters.discord.watching.watching import Watches
from otel_discord.exporters.discord.workshop import Workshop

KEY: Final = "run_lanes"
"""Of the exporter's state: the names of the lanes that may have left something in the storage."""
GRACE_S: Final = 10.0
"""Of a destination that is named no more: so long what waits for it may still arrive, unless the source asks to see it
drained: then as long as the source waits."""
_FIRST_LOOK_S: Final = 0.01
_LONGEST_BETWEEN_S: Final = 0.25
_ROUTING_S: Final = 3.0


@dataclass(slots=True, kw_only=True)
class RunLanes:
    """Of one running exporter; its source's ``DestinationUser``.

    ``outboxes`` and ``senders`` are the exporter's, those of configured destinations among them.
    """

    live: LiveDestinations
    workshop: Workshop
    rescue: Rescue
    desk: FoldDesk
    watches: Watches
    tallies: TallyBook
    messages: OwnMessages
    memories: MutableMapping[str, LaneMemory]
    outboxes: MutableMapping[str, Outbox]
    senders: "MutableMapping[str, asyncio.Task[None]]"
    start: "Callable[[Outbox], asyncio.Task[None]]"
    state: Lane
    request_timeout_s: float
    logger: logging.Logger
    mine: Callable[[str], bool] = lambda _: True
    """Says of which destinations this exporter is to have the lanes; those of others are opened elsewhere."""
    is_all_routed: Callable[[], bool] | None = None
    """In a fleet: says whether all that came in was looked at, also what other processes have taken in."""
    is_closed: bool = False
    """Nothing is opened any more."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _ending: set[str] = field(default_factory=set)
    _leaving: dict[str, float] = field(default_factory=dict)
    """Those that are named no more, and until when (loop time) they go on."""
    _awaited: Counter[str] = field(default_factory=Counter)
    """How many wait for a lane to be drained."""
    _stored: frozenset[str] | None = None
    """The names that the storage has; None where that is not known."""
    _left: set[str] = field(default_factory=set)
    """Lanes of an earlier run that nobody names any more."""

    # ----------------------------------------------------------------------------------------------------- opening

    @property
    def is_shard(self) -> bool:
        """Whether this is one shard of a fleet, where what is left over is seen to apart."""
        return self.is_all_routed is not None

    async def restore(self) -> None:
        """Read which lanes an earlier run has left."""
        stored = await self.state.get_state(KEY)
        names: set[str] = set()
        with suppress(ValueError, TypeError):
            names = {str(each) for each in orjson.loads(stored or b"[]")}
        self._stored = frozenset(names)
        waiting = await patiently(self.state.queue.lanes, self.logger, "to show what waits")
        names |= {destination_of(lane) for lane in waiting if is_sourced(lane)}
        self._left = names - self.live.refreshed().keys() - ({LEFT_OVER} if self.is_shard else set())

    def begin(self) -> None:
        """Open the lanes that the source names now, and from now on those that it names later."""
        self.live.opens, self.live.mine = self._is_open, self.mine
        self.live.knows_former = self.is_shard
        for destination in self.live.refreshed().values():
            self._is_open(destination)

    def close(self) -> None:
        """Open nothing any more: the exporter ends."""
        self.is_closed = True

    def _is_open(self, destination: Destination) -> bool:
        name = destination.name
        outbox = self.outboxes.get(name)
        if outbox is not None:
            return name not in self._ending
        if self.is_closed or name in self._ending or not self.mine(name):
            return False
        outbox = self.workshop.opened(destination)
        outbox.departure.refuge = _Refuge(self.rescue, name, destination.label, self.live.source)
        self.outboxes[name] = outbox
        self.senders[name] = self.start(outbox)
        self._left.discard(name)
        self._news.set()
        return True

    # ------------------------------------------------------------------------------------------------ as it goes on

    async def run(self) -> None:
        """Follow the source until cancelled."""
        with suppress(ShutdownError):
            while True:
                self._news.clear()
                await self._store_names()
                await self._follow()
                await self._store_names()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LONGEST_BETWEEN_S if self._leaving else None):
                        await self._news.wait()

    async def _follow(self) -> None:
        for name in sorted(self._left):
            await self._clean_up(name, name)
            self._left.discard(name)
        named = self.live.refreshed()
        for name in [each for each in self.outboxes if is_sourced(each)]:
            if name in named:
                if self._leaving.pop(name, None) is not None:
                    self.outboxes[name].hurry(by=-1)
            elif await self._is_over(name):
                await self._end(name)
        for destination in self.live.refreshed().values():
            outbox = self.outboxes.get(destination.name)
            if outbox is not None and outbox.destination.webhook != destination.webhook:
                await self._stop(outbox)
                self._let_go(destination.name)
            self._is_open(destination)
        if LEFT_OVER in self.desk.books and not self.is_shard:
            await self.rescue.empty(LEFT_OVER, "a run")
            async with self.desk.lock:
                if not self.desk.books[LEFT_OVER].entries:
                    del self.desk.books[LEFT_OVER]

    async def _is_over(self, name: str) -> bool:
        """Return whether nothing is to be sent any more to a destination that is named no more."""
        now_s = asyncio.get_running_loop().time()
        if name not in self._leaving:
            self._leaving[name] = now_s + GRACE_S
            self.outboxes[name].hurry(by=1)
        if name in self._awaited:
            return False
        return now_s >= self._leaving[name] or not await self._has_work(name, self.live.waiting_for(name))

    async def _end(self, name: str) -> None:
        """Let a lane go whose run is over, with all that waits in it and is known of it."""
        outbox = self.outboxes[name]
        async with self.desk.lock:  # nothing is being routed there
            self._ending.add(name)
            self.live.forget(name)
        try:
            await self._stop(outbox)
            if outbox.edits is not None:
                await outbox.edits.release_all()  # what is counted in its messages and not shown there goes along
            await self._clean_up(name, outbox.destination.label)
            self._let_go(name)
            self.memories.pop(name, None)
            self.watches.lanes.pop(name, None)
            self.tallies.forget(name)
            self.workshop.upkeep.book.forget(name)
        finally:
            self._ending.discard(name)
            self._leaving.pop(name, None)
        self.logger.debug("a run's destination has gone", extra={"destination": name})

    async def _stop(self, outbox: Outbox) -> None:
        """End a sender: the message in flight is waited for, since Discord may have it."""
        task = self.senders[outbox.name]
        outbox.stop()
        if outbox.is_busy:
            await asyncio.wait([task], timeout=2 * self.request_timeout_s)
        task.cancel()
        await asyncio.wait([task])

    def _let_go(self, name: str) -> None:
        outbox = self.outboxes.pop(name)
        del self.senders[name]
        outbox.instruments.close()
        self.workshop.health.well(name)

    async def _clean_up(self, name: str, label: str) -> None:
        """Empty a lane, and what mutes hold of it, and forget what is stored of both."""
        lanes = await patiently(self.state.queue.lanes, self.logger, "to show what waits")
        for lane in [name, *(each for each in lanes if is_held(each) and destination_of(each) == name)]:
            emptied = await self.rescue.empty(lane, label)
            if emptied:
                self.logger.warning(
                    "what waited for a run that has ended goes elsewhere, or is a dead letter where nobody takes it",
                    extra={"destination": lane, "cards": emptied},
                )
            of_lane = Lane(name=lane, queue=self.state.queue, logger=self.logger)
            messages = [each.message_id for each in await of_lane.posted()]
            if messages:
                await of_lane.forget_messages(messages)
            self.desk.books.pop(lane, None)
        for lane in [each for each in self.desk.books if is_held(each) and destination_of(each) == name]:
            del self.desk.books[lane]
        for key in (state_key(name), pings_key(name), posts_key(name)):
            if await self.state.get_state(key) is not None:
                await self.state.set_state(key, None)

    async def _store_names(self) -> None:
        names = frozenset(each for each in self.outboxes if is_sourced(each)) | self._left
        if names == self._stored:
            return
        value = orjson.dumps(sorted(names)) if names else None
        await self.state.set_state(KEY, value)
        self._stored = names

    # ----------------------------------------------------------------------------------------------- the source asks

    def destinations_changed(self) -> None:
        """Look at the source again, soon."""
        self._news.set()

    async def drained(self, name: str) -> None:
        """Return when everything of a lane that was accepted by now is in Discord, or has ended otherwise.

        What a mute holds is not waited for. Who waits no more for a destination that is named no more has it ended.
        """
        self._awaited[name] += 1
        outbox = self.outboxes.get(name)
        if outbox is not None:
            outbox.hurry(by=1)
        try:
            await self._until_all_is_routed(name)
            batches, pause_s = self.live.waiting_for(name), _FIRST_LOOK_S
            while await self._has_work(name, batches):
                await asyncio.sleep(pause_s)
                pause_s = min(1.5 * pause_s, _LONGEST_BETWEEN_S)
        finally:
            if outbox is not None:
                outbox.hurry(by=-1)
            self._awaited[name] -= 1
            if not self._awaited[name]:
                del self._awaited[name]
                if name in self._leaving:
                    self._leaving[name] = asyncio.get_running_loop().time()  # it had its time
                self._news.set()

    async def _until_all_is_routed(self, name: str) -> None:
        """In a fleet, of a lane that is here: wait until routing has met everything that had come, for a while."""
        if self.is_all_routed is None or name not in self.outboxes:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_ROUTING_S):
                while not self.is_all_routed():  # noqa: ASYNC110 - routing tells nobody
                    await asyncio.sleep(_FIRST_LOOK_S)

    async def _has_work(self, name: str, batches: frozenset[int]) -> bool:
        if self.live.still_waiting(batches):
            return True
        outbox = self.outboxes.get(name)
        if outbox is None or self.senders[name].done():
            return False
        if outbox.is_busy or outbox.has_unshown:
            return True
        try:
            return bool((await self.state.queue.waiting()).get(name))
        except RetryableError:
            return True

    def run_card(self, card: RunCard) -> Mapping[str, Any]:
        """Return the message that shows a run in its own channel."""
        return self.messages.run_card(card)


@dataclass(frozen=True, slots=True)
class _Refuge:
    """Takes the cards of a run that is live and whose webhook is gone."""

    rescue: Rescue
    lane: str
    label: str
    source: DestinationSource

    @property
    def name(self) -> str:
        """Where they go, for words to a person."""
        return self.rescue.name

    async def take_in(self, cards: Sequence[StoredCard]) -> Sequence[StoredCard]:
        """Move cards, and have the source look after the webhook; return those that nobody takes."""
        if isinstance(self.source, MendsDestinations):
            self.source.is_gone(self.lane)
        return await self.rescue.take_in(self.lane, self.label, cards)
