"""What an exporter goes on with when it opens: what is folded where, what is known of problems and limits, mutes.

Each is read from the queue's storage, patiently: a disk that refuses for a moment delays a start and does not fail it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from otel_discord.component import Settings, WorkQueue
from otel_discord.component.instruments_discord import DiscordInstruments
from otel_discord.discord_api.permits import RateLimits
from otel_discord.exporters.discord import assembly
from otel_discord.exporters.discord.ban_memory import BanMemory
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.folding.keeper import HistoryKeeper
from otel_discord.exporters.discord.held import HeldCards
from otel_discord.exporters.discord.lane import Lane, patiently
from otel_discord.exporters.discord.maintenance import Maintenance
from otel_discord.exporters.discord.mutes.book import MuteBook
from otel_discord.exporters.discord.mutes.gate import Gate
from otel_discord.exporters.discord.mutes.said import MutesSaid
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.pace_memory import PaceMemory
from otel_discord.exporters.discord.routing import Router
from otel_discord.exporters.discord.silenced_alerts import SilencedAlerts
from otel_discord.exporters.discord.silences import Silences
from otel_discord.exporters.discord.sourced.live import LiveDestinations


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """Of one exporter and its queue."""

    settings: Settings
    config: DiscordConfig
    queue: WorkQueue
    wall_clock: Callable[[], float]
    mutes_said: MutesSaid = field(default_factory=MutesSaid)

    @property
    def state(self) -> Lane:
        """The exporter's own state: no lane of cards."""
        return Lane(name="", queue=self.queue, logger=self.settings.logger)

    async def ban(self, limits: RateLimits) -> BanMemory:
        """Go on with a ban of this address."""
        memory = BanMemory(limits=limits, endpoint=self.config.endpoint, state=self.state, wall_clock=self.wall_clock)
        await memory.restore()
        return memory

    async def pace(self, limits: RateLimits, webhook_ids: Callable[[], Collection[str]]) -> PaceMemory:
        """Go on with the limits that were used up, of these webhooks."""
        memory = PaceMemory(
            limits=limits,
            endpoint=self.config.endpoint,
            state=self.state,
            wall_clock=self.wall_clock,
            webhook_ids=webhook_ids,
        )
        await memory.restore()
        return memory

    async def desk(self, destinations: Sequence[Destination]) -> FoldDesk:
        """Go on counting where the last run ended; or, without folding, let what it had not shown go on as cards."""
        desk = assembly.fold_desk(self.config, destinations)
        logger, what = self.settings.logger, "to show what is in Discord"
        if self.config.fold.enabled:
            await patiently(lambda: desk.restore(self.queue), logger, what)
        else:
            keeping = {name for name, item in self.config.destinations.items() if item.retention}
            await patiently(lambda: desk.unfold(self.queue, keeps_messages=keeping), logger, what)
        return desk

    async def history(self, desk: FoldDesk) -> HistoryKeeper:
        """Remember the problems that were known; nothing is remembered without storage."""
        keeper = HistoryKeeper(desk=desk, queue=self.queue, logger=self.settings.logger)
        if self.config.fold.enabled and self.config.sending_queue.storage is not None:
            await patiently(keeper.restore, self.settings.logger, "to show what is known of problems")
        return keeper

    async def maintenance(
        self, desk: FoldDesk, outboxes: Mapping[str, Outbox], instruments: DiscordInstruments
    ) -> Maintenance:
        """Go on with the windows that were started by hand, and with what they hold."""
        held = HeldCards(
            queue=self.queue,
            desk=desk,
            accepted_ns=(lambda: int(self.wall_clock() * 1e9)) if self.config.max_age else None,
        )
        maintenance = Maintenance(
            gate=assembly.gate(self.config),
            held=held,
            state=self.state,
            outboxes=outboxes,
            instruments=instruments,
            wall_clock=self.wall_clock,
            logger=self.settings.logger,
            said=self.mutes_said,
        )
        await maintenance.restore()
        return maintenance

    async def silenced_alerts(self, gate: Gate, router: Router, live: LiveDestinations | None) -> SilencedAlerts:
        """Go on with the alerts that a mute kept back."""
        alerts = SilencedAlerts(
            gate=gate, router=router, queue=self.queue, wall_clock=self.wall_clock, logger=self.settings.logger
        )
        if live is not None:
            alerts.run_of = live.of
        await patiently(alerts.restore, self.settings.logger, "to show which alerts were silenced")
        return alerts

    async def silences(
        self, book: MuteBook, desk: FoldDesk, outboxes: Mapping[str, Outbox], instruments: DiscordInstruments
    ) -> Silences:
        """Go on with the silences that hold or will."""
        silences = Silences(
            book=book,
            routing=desk.lock,
            state=self.state,
            outboxes=outboxes,
            instruments=instruments,
            wall_clock=self.wall_clock,
            logger=self.settings.logger,
            said=self.mutes_said,
        )
        await silences.restore()
        return silences
