"""What is open while an exporter runs, and the order in which it ends."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from otel_discord.component import Host
from otel_discord.discord_api.client import WebhookClient
from otel_discord.exporters.discord.back_office import BackOffice
from otel_discord.exporters.discord.batch_router import BatchRouter
from otel_discord.exporters.discord.dead_letters.office import LetterOffice
from otel_discord.exporters.discord.drain import Crew
from otel_discord.exporters.discord.entrance import Entrance
from otel_discord.exporters.discord.evidence.desk import EvidenceDesk
from otel_discord.exporters.discord.folding.keeper import HistoryKeeper
from otel_discord.exporters.discord.maintenance import Maintenance
from otel_discord.exporters.discord.pace_memory import PaceMemory
from otel_discord.exporters.discord.remains import bury_what_is_left, say_what_stays
from otel_discord.exporters.discord.silences import Silences
from otel_discord.exporters.discord.sourced.lanes import RunLanes
from otel_discord.exporters.discord.sourced.live import LiveDestinations
from otel_discord.exporters.discord.trials.ends import Ends
from otel_discord.exporters.discord.watching.watching import Watching


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Of one exporter, from its opening to its end. ``opening`` fills it."""

    back: BackOffice
    office: LetterOffice
    entrance: Entrance
    client: WebhookClient
    crew: Crew
    router: BatchRouter
    live: LiveDestinations | None
    lanes: RunLanes | None
    evidence: EvidenceDesk | None
    maintenance: Maintenance
    silences: Silences
    watching: Watching
    keeper: HistoryKeeper
    pace: PaceMemory
    ends: Ends | None = None
    is_lost: Callable[[], bool] = lambda: False
    """Whether another process may work on all this already: then nothing is to be ended in good order."""

    async def end(self, host: Host, close: Callable[[], None]) -> None:
        """Send what is there until the deadline, or leave it to the successor; what is left is counted and said.

        ``close`` is called when nothing more may be taken in.
        """
        if self.is_lost():
            close()
            await self.crew.abandon()
            return
        if not host.hands_over and self.back.config.sending_queue.storage is None:
            await self.maintenance.open_up()
            self.silences.tell_what_ends()
        await self._end_sending(host, close)
        await self.maintenance.end()
        await self.silences.end()
        await self.keeper.end()
        await self.pace.end()
        if self.ends is not None:
            await self.ends.end()

    async def _end_sending(self, host: Host, close: Callable[[], None]) -> None:
        config, crew, logger = self.back.config, self.crew, self.back.settings.logger
        deadline_s = asyncio.get_running_loop().time() + config.shutdown_timeout
        if host.drain_deadline_s is not None:
            deadline_s = min(deadline_s, host.drain_deadline_s)
        if host.hands_over:
            if self.lanes is not None:
                self.lanes.close()
            await crew.hand_over(deadline_s)  # and what comes meanwhile is taken in: the queue goes on
            close()
            return
        close()
        self.entrance.losses.tell_the_rest()
        is_routed = await crew.drain(deadline_s, config.timeout)
        if self.lanes is not None:
            self.lanes.close()
        if config.sending_queue.storage is None:
            await self.router.run()  # what there was no time to route must be accounted for as well
            await bury_what_is_left(crew.queue, crew.outboxes, self.back.bury_orphans(self.office), logger)
        else:
            await say_what_stays(crew.queue, logger, is_routed=is_routed)
        for outbox in crew.outboxes.values():
            outbox.memory.end()
