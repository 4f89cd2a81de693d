"""Accepts batches: what reaches somebody's severity goes into the sending queue, masked; the rest may be evidence."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from otel_discord.component import ACCEPTED, Receipt, ShutdownError, WorkQueue
from otel_discord.exporters.discord.entrance import Entrance
from otel_discord.exporters.discord.evidence.desk import EvidenceDesk
from otel_discord.exporters.discord.masking import Masking
from otel_discord.exporters.discord.members.privacy import MemberPrivacy
from otel_discord.exporters.discord.routing import Router, keep_from
from otel_discord.exporters.discord.sourced.live import LiveDestinations, Places
from otel_discord.exporters.discord.sourced.tally import TallyBook
from otel_discord.signals import LogsBatch, Severity


class Door(Protocol):
    """Takes in what is to be shown, where that is not the exporter's own queue."""

    async def accept(self, batch: LogsBatch, priority: int, places: Places) -> None:
        """Store a batch; ``places`` says which runs its resources belong to.

        Raises:
            QueueFullError: there is no room.
            RetryableError: the storage cannot take it now.
            ShutdownError: it is closed.
        """
        ...


@dataclass(slots=True, kw_only=True)
class Accepting:
    """Of one exporter, which says what there is to work with while it runs."""

    entrance: Entrance
    masking: Masking
    members: MemberPrivacy
    tallies: TallyBook
    routing: Router
    queue: WorkQueue | None = None
    """None: the exporter is not running, or has a door."""
    door: Door | None = None
    """Where a fleet takes in what comes."""
    live: LiveDestinations | None = None
    """None: no source names destinations."""
    evidence: EvidenceDesk | None = None

    async def take(self, batch: LogsBatch) -> Receipt:
        """Accept log records; those below every destination's severity end here.

        Raises:
            ShutdownError: the exporter is not running.
            RetryableError: there is no room.
        """
        if not self.is_open:
            raise ShutdownError("the exporter is not running")
        batch = self.members.admitted(batch)
        live = self.live
        places: Places = live.places(batch) if live is not None else ()
        if live is None or not places:
            await self._take_in(batch, self.routing.floor)
            return ACCEPTED
        counted = self.tallies.count(batch.request, places)
        floors = [self.routing.floor if run is None else self.routing.floor_of_run(run) for run in places]
        await self._take_in(batch, max(floors), floors)
        self.tallies.accepted(counted, live.source.counted)
        return ACCEPTED

    @property
    def is_open(self) -> bool:
        """Whether something may be taken in."""
        return self.queue is not None or self.door is not None

    async def _take_in(self, batch: LogsBatch, floor: int, floors: Sequence[int] | None = None) -> None:
        """Put into the queue what reaches the floor, or that of its resource; the rest may be evidence."""
        sifted = keep_from(batch, floor, with_members=bool(self.routing.routes), floors=floors)
        kept = sifted.batch
        if kept is None:
            if self.evidence is not None:
                self.evidence.hold(batch, is_quiet=floor <= Severity.WARN and not sifted.drops_events)
            return
        with self.evidence.holding(batch) if self.evidence is not None else nullcontext():
            places = self.live.places(kept) if self.live is not None and floors is not None else ()
            kept = await self.masking.masked(kept)
            priority = self.routing.priority(sifted.highest)
            # Large batches are masked in a thread, and the exporter may have ended meanwhile.
            if self.door is not None:
                await self.door.accept(kept, priority, places)
            elif self.queue is not None:
                await self.entrance.intake.accept(self.queue, kept, priority, partial(self._accepted_for, places))
            else:
                raise ShutdownError("the exporter is not running")

    def _accepted_for(self, places: Places, batch_id: int) -> None:
        if self.live is not None:
            self.live.accepted(batch_id, places)
