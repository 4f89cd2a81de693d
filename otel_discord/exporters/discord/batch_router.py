"""Takes batches from the queue and puts their cards into lanes. One task, so that order holds."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import Settings, ShutdownError, StoredBatch, WorkQueue
from otel_discord.exporters.discord.detours import Detour, detours
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.folding.draft import Draft
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.mutes.gate import Muted
from otel_discord.exporters.discord.mutes.held_lanes import destination_of, is_held
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.pace import Pace
from otel_discord.exporters.discord.routed import CardMaker
from otel_discord.exporters.discord.sourced.names import LEFT_OVER
from otel_discord.exporters.discord.trials.judge import Judge
from otel_discord.exporters.discord.unrouted import Unrouted
from otel_discord.signals import LogsBatch

_RECORDS_AT_A_TIME: Final = 256
"""Routing waits for nothing, so it lets the others have their turn after so many records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRouter:
    """Between the queue and the outboxes."""

    settings: Settings
    queue: WorkQueue
    maker: CardMaker
    desk: FoldDesk
    pace: Pace
    unrouted: Unrouted
    outboxes: Mapping[str, Outbox]
    shed_above: float
    gather_s: float = 0.0
    """What comes within so long after a step is routed in one step, unless it is much: each step is a transaction,
    and counts each problem in it once. What comes after a pause is routed at once."""
    judge: Judge | None = None
    """Takes out of batches what ends whoever routes it."""
    on_muted: Sequence[Callable[[Iterable[tuple[Muted, int]]], None]] = ()
    """Hear of what mutes did to records, once that is stored."""
    on_unknown_ends: Callable[[int], None] = lambda _: None
    """Hears how many records told the end of an alert that is shown nowhere."""
    on_routed: Callable[[int], None] = lambda _: None
    """Hears of each batch that waits no more."""
    on_left_over: Callable[[], None] = lambda: None
    """Hears that there are records which were taken in for a run and go nowhere."""
    wall_clock: Callable[[], float] = time.time
    strangers: set[str] = field(default_factory=set)
    """Destinations that only others know, and that were told of."""

    async def run(self) -> None:
        """Route until the queue is closed and empty. Cancelled, it leaves in the queue what is not routed."""
        loop, not_before_s = asyncio.get_running_loop(), 0.0
        with suppress(ShutdownError):
            while True:
                self.unrouted.is_idle = True
                stored = await patiently(self.queue.take, self.settings.logger, "to show what was accepted")
                self.unrouted.is_idle = False
                batches = [stored]
                try:
                    if not self._is_much(stored) and (left_s := not_before_s - loop.time()) > 0:
                        await asyncio.sleep(left_s)
                    batches += await self.queue.take_more(_RECORDS_AT_A_TIME - stored.batch.item_count)
                    records = sum(each.batch.item_count for each in batches)
                    not_before_s = loop.time() + self.gather_s if 2 * records < _RECORDS_AT_A_TIME else 0.0
                    await self._route(batches)
                except asyncio.CancelledError:
                    for each in batches:
                        await self.queue.release(each.id)
                    raise
                await asyncio.sleep(0)

    def _is_much(self, stored: StoredBatch) -> bool:
        """Return whether nothing is to be waited for: it is much by itself, or room is needed."""
        return stored.batch.item_count >= _RECORDS_AT_A_TIME or 2 * self.queue.size >= self.queue.capacity

    async def _route(self, batches: Sequence[StoredBatch]) -> None:
        """Route batches in one step; small ones that waited meanwhile cost the storage no more than one."""
        records = sum(stored.batch.item_count for stored in batches)
        if self.judge is not None:
            batches = [await self.judge.batch(stored) for stored in batches]
        async with self.desk.lock:
            draft = self.desk.draft(int(self.wall_clock() * 1e9))
            around = detours(self.outboxes.values())
            for stored in batches:
                await self._read(stored, draft, around)
            cards, folds = draft.cards(), draft.folds()
            ids = await patiently(
                lambda: self.queue.route_all(cards, folds), self.settings.logger, "cards for their destinations"
            )
            draft.commit(ids, cards)
        self.unrouted.routed(stored.id for stored in batches)
        for stored in batches:
            self.on_routed(stored.id)
        self.pace.routed(records)
        self._relieve()
        self._tell(draft)

    async def _read(self, stored: StoredBatch, draft: Draft, around: Mapping[str, Detour]) -> None:
        if not isinstance(stored.batch, LogsBatch):
            raise TypeError(f"only logs are put into this queue, not {stored.batch.signal}")
        with self.settings.tracer.start_as_current_span(f"exporter/{self.settings.id}/logs") as span:
            complaints: list[str] = []
            accepted_ns = stored.accepted_ns or int(self.wall_clock() * 1e9)
            steps = self.maker.route(stored.id, stored.batch, accepted_ns, draft, complaints, around)
            for number, _ in enumerate(steps, start=1):
                if number % _RECORDS_AT_A_TIME == 0:
                    await asyncio.sleep(0)
            span.set_attribute("otel_discord.cards", draft.opened_by(stored.id))
        for complaint in complaints:
            self.settings.logger.warning("not attached: %s", complaint)

    def _tell(self, draft: Draft) -> None:
        for tell in self.on_muted if draft.muted else ():
            tell(draft.muted.items())
        if draft.unknown_ends:
            self.on_unknown_ends(draft.unknown_ends)
        for lane, records in draft.folded.items():
            if (outbox := self.outboxes.get(destination_of(lane))) is not None:
                outbox.instruments.folded(records)
        for lane, priority in draft.lanes().items():
            if lane == LEFT_OVER:
                self.on_left_over()
            elif lane not in self.outboxes and not is_held(lane):
                self._tell_of_stranger(lane)
            elif not is_held(lane):
                self.outboxes[lane].notify(priority)
        for lane in draft.folded.keys() - draft.lanes().keys():
            if not is_held(lane) and lane in self.outboxes:
                self.outboxes[lane].look()

    def _tell_of_stranger(self, lane: str) -> None:
        if lane not in self.strangers:
            self.strangers.add(lane)
            self.settings.logger.warning(
                "records wait for the destination %r: the replica that took them in has it in its configuration, and"
                " this one has not. Let all replicas have the same one",
                lane,
            )

    def _relieve(self) -> None:
        """Let the oldest attachments go while memory or queue is short; their cards stay."""
        shelf = self.maker.shelf
        lanes = shelf.shed(int(shelf.max_bytes * self.shed_above))
        if self.queue.size >= self.queue.capacity * self.shed_above:
            lanes += shelf.shed_oldest()
        for outbox in filter(None, map(self.outboxes.get, lanes)):
            outbox.instruments.attachments_shed(1)
        if lanes:
            self.settings.logger.warning(
                "attachments were let go to relieve the queue; their messages stay",
                extra={"files": len(lanes), "destinations": ",".join(sorted(set(lanes)))},
            )
