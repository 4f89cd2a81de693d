"""Accepts batches: what reaches somebody's severity goes into the sending queue, masked; the rest may be evidence."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

from otel_discord.component import ACCEPTED, Receipt, ShutdownError, WorkQueue
from otel_discord.exporters.discord.entrance import Entrance
from otel_discord.exporters.discord.evidence.desk import EvidenceDesk
from otel_discord.exporters.discord.masking import Masking
from otel_discord.exporters.discord.members.privacy import MemberPrivacy
from otel_discord.exporters.discord.routing import Router, keep_from
from otel_discord.exporters.discord.sourced.live import LiveDestinations, Places
from otel_discord.exporters.discord.sourced.tally import TallyBook
from otel_discord.signals import LogsBatch, Severity


@dataclass(slots=True, kw_only=True)
class Accepting:
    """Of one exporter, which says what there is to work with while it runs."""

    entrance: Entrance
    masking: Masking
    members: MemberPrivacy
    tallies: TallyBook
    routing: Router
    queue: WorkQueue | None = None
    """None: the exporter is not running."""
    live: LiveDestinations | None = None
    """None: no source names destinations."""
    evidence: EvidenceDesk | None = None

    async def take(self, batch: LogsBatch) -> Receipt:
        """Accept log records; those below every destination's severity end here.

        Raises:
            ShutdownError: the exporter is not running.
            RetryableError: there is no room.
        """
        if self.queue is None:
            raise ShutdownError("the exporter is not running")
        batch = self.members.admitted(batch)
        live = self.live
        places: Places = live.places(batch) if live is not None else ()
        if live is None or not places:
            await self._take_in(self.queue, batch, self.routing.floor)
            return ACCEPTED
        counted = self.tallies.count(batch.request, places)
        floors = [self.routing.floor if run is None else self.routing.floor_of_run(run) for run in places]
        await self._take_in(self.queue, batch, max(floors), floors)
        self.tallies.accepted(counted, live.source.counted)
        return ACCEPTED

    async def _take_in(
        self, queue: WorkQueue, batch: LogsBatch, floor: int, floors: Sequence[int] | None = None
    ) -> None:
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
            if self.queue is None:  # large batches are masked in a thread, and the exporter may have ended meanwhile
                raise ShutdownError("the exporter is not running")
            priority = self.routing.priority(sifted.highest)
            await self.entrance.intake.accept(queue, kept, priority, partial(self._accepted_for, places))

    def _accepted_for(self, places: Places, batch_id: int) -> None:
        if self.live is not None:
            self.live.accepted(batch_id, places)
