"""Makes the outbox of a destination, with all that belongs to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import Host, Settings, WorkQueue
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DestinationInstruments, DiscordInstruments
from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.outcome_types import Reason, Scope
from otel_discord.exporterhelper.breaker import BreakerPolicy
from otel_discord.exporters.discord import assembly
from otel_discord.exporters.discord.alert_ends import AlertEnds
from otel_discord.exporters.discord.arrivals import Arrivals
from otel_discord.exporters.discord.burial import Burial
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.circuit import Circuit
from otel_discord.exporters.discord.compose import Composer
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.box import LetterBox
from otel_discord.exporters.discord.dead_letters.upkeep import Upkeep
from otel_discord.exporters.discord.departure import Departure
from otel_discord.exporters.discord.destinations import Destination
from otel_discord.exporters.discord.dispatch import Dispatch
from otel_discord.exporters.discord.edits import Edits
from otel_discord.exporters.discord.evidence.desk import EvidenceDesk
from otel_discord.exporters.discord.fallback import Fallback
from otel_discord.exporters.discord.folding.crowd import digest_above
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.folding.lane_fold import LaneFold
from otel_discord.exporters.discord.greetings import ask_webhook
from otel_discord.exporters.discord.health import Health
from otel_discord.exporters.discord.lane import Lane
from otel_discord.exporters.discord.lane_memory import LaneMemory
from otel_discord.exporters.discord.lane_state import LaneState
from otel_discord.exporters.discord.looks import TroubleBook
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.picking import Picker
from otel_discord.exporters.discord.pictures import Pictures
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.render_templates import Templates
from otel_discord.exporters.discord.retention import Retention
from otel_discord.exporters.discord.retention_book import RetentionBook
from otel_discord.exporters.discord.safe_render import SafeRenderer
from otel_discord.exporters.discord.sender import Sender
from otel_discord.exporters.discord.settling import Settling
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.exporters.discord.sourced.names import is_sourced
from otel_discord.exporters.discord.suspicion import Suspicion
from otel_discord.exporters.discord.tombstones import fingerprint
from otel_discord.exporters.discord.trials.judge import Judge
from otel_discord.exporters.discord.watching.lane_watch import LaneWatch
from otel_discord.exporters.discord.watching.watching import Watches

_WITHOUT_A_BUDGET: Final = 150.0
"""Messages a minute that one webhook takes where no limit of the channel is kept: 5 per 2 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What the outboxes of one exporter are made with."""

    settings: Settings
    config: DiscordConfig
    host: Host
    queue: WorkQueue
    box: LetterBox
    upkeep: Upkeep
    client: WebhookClient
    shelf: Shelf
    exporter_instruments: ExporterInstruments
    discord_instruments: DiscordInstruments
    release_attachments: Callable[[Sequence[Card]], None]
    health: Health
    desk: FoldDesk
    wall_clock: Callable[[], float]
    templates: Templates
    troubles: TroubleBook
    resumes_letters: bool = False
    evidence: EvidenceDesk | None = None
    pictures: Pictures = field(default_factory=Pictures)
    watches: Watches = field(default_factory=Watches)
    whose: Callable[[bytes], str] | None = None
    """Says which run a serialised resource is of; None where there are no runs."""
    memory_of: Callable[[str], LaneMemory] = field(default_factory=lambda: lambda _: LaneMemory())
    """Gives what an outbox knows beyond its own life, by the destination's name."""

    judge: Judge | None = None
    """Knows cards that nobody outlives who shows them."""

    def outboxes(self, destinations: Sequence[Destination]) -> dict[str, Outbox]:
        """Return the outboxes by name, each with its fallback."""
        made = {destination.name: self.opened(destination) for destination in destinations}
        for destination in destinations:
            if destination.fallback in made:  # in a fleet it may be another shard's
                outbox, haven = made[destination.name], made[destination.fallback]
                outbox.fallback = outbox.departure.fallback = Fallback(
                    lane=outbox.lane,
                    haven=haven,
                    release_attachments=self.release_attachments,
                    fold=outbox.departure.burial.fold,
                )
                outbox.departure.tell = haven.say
        return made

    def opened(self, destination: Destination) -> Outbox:
        """Return the outbox of one destination, which nobody runs yet."""
        config, logger = self.config, self.settings.logger
        name = destination.name
        instruments = self.discord_instruments.destination(name)
        instruments.expect(reasons=Reason, scopes=Scope)
        lane = Lane(name=name, queue=self.queue, logger=logger)
        memory = self.memory_of(name)
        state = LaneState(lane=lane, memory=memory, webhook_id=destination.webhook.id)
        fold = self._fold(destination)
        watch = self.watches.of(name, self.wall_clock)
        burial = self._burial(name, instruments, fold, watch)
        circuit = Circuit(
            destination=name,
            policy=BreakerPolicy(config.circuit_breaker.failure_threshold, config.circuit_breaker.cooldown),
            memory=memory,
            instruments=instruments,
            health=self.health,
            logger=logger,
            waiting=lane.waiting,
        )
        departure = Departure(
            lane=lane,
            memory=memory,
            burial=burial,
            health=self.health,
            logger=logger,
            wall_clock=self.wall_clock,
        )
        arrivals = Arrivals(flush_timeout_s=config.sending_queue.batch.flush_timeout)
        picker = Picker(
            lane=lane,
            memory=memory,
            burial=burial,
            resends=destination.resend_ambiguous,
            max_age_s=config.max_age,
            wall_clock=self.wall_clock,
            gathering=lambda: fold.gathering() if not arrivals.in_haste else (),
            judge=self.judge,
            is_gathering=lambda card: not arrivals.in_haste and fold.is_gathering(card),
        )
        retention = self._retention(destination, lane, circuit, departure, instruments)
        sender = self._sender(destination, lane, state, circuit, instruments, watch)
        address = fingerprint(destination.webhook, config.endpoint)
        watch.composer, watch.book = sender.composer, fold.book
        watch.concerns(address)
        dispatch = Dispatch(
            sender=sender,
            picker=picker,
            settling=Settling(
                lane=lane,
                memory=memory,
                state=state,
                burial=burial,
                departure=departure,
                circuit=circuit,
                health=self.health,
                instruments=instruments,
                exporter_instruments=self.exporter_instruments,
                release_attachments=self.release_attachments,
                watch=watch,
                wall_clock=self.wall_clock,
                fold=fold,
                retention=retention,
            ),
            state=state,
            arrivals=arrivals,
            instruments=instruments,
            fold=fold,
            evidence=self.evidence,
            digest_above=digest_above(
                config.rate_limit.channel_messages_per_minute or _WITHOUT_A_BUDGET, config.sending_queue.batch.max_size
            ),
        )
        return Outbox(
            destination=destination,
            fingerprint=address,
            client=self.client,
            timeout_s=config.timeout,
            lane=lane,
            memory=memory,
            circuit=circuit,
            picker=picker,
            dispatch=dispatch,
            suspicion=Suspicion(
                lane=lane,
                memory=memory,
                circuit=circuit,
                picker=picker,
                dispatch=dispatch,
                departure=departure,
                burial=burial,
                ask_webhook=lambda: ask_webhook(self.client, destination.webhook, config.timeout),
                tries_alone=config.retry_on_failure.policy().max_attempts or config.circuit_breaker.failure_threshold,
            ),
            state=state,
            departure=departure,
            arrivals=arrivals,
            instruments=instruments,
            watch=watch,
            max_embeds=config.sending_queue.batch.max_size,
            is_durable=config.sending_queue.storage is not None or self.resumes_letters,
            edits=self._edits(fold, lane, sender.composer, circuit, departure, instruments, retention, watch),
            retention=retention,
        )

    def _edits(
        self,
        fold: LaneFold,
        lane: Lane,
        composer: Composer,
        circuit: Circuit,
        departure: Departure,
        instruments: DestinationInstruments,
        retention: Retention | None,
        watch: LaneWatch,
    ) -> Edits:
        return Edits(
            fold=fold,
            lane=lane,
            client=self.client,
            composer=composer,
            circuit=circuit,
            departure=departure,
            instruments=instruments,
            exporter_instruments=self.exporter_instruments,
            watch=watch,
            logger=self.settings.logger,
            interval_s=self.config.fold.edit_interval,
            wall_clock=self.wall_clock,
            outlives_its_cards=retention.book.knows if retention else lambda _: False,
            judge=self.judge,
            alert_ends=AlertEnds(fold, lane) if self.config.alerts.reply_on_resolve else None,
        )

    def _retention(
        self,
        destination: Destination,
        lane: Lane,
        circuit: Circuit,
        departure: Departure,
        instruments: DestinationInstruments,
    ) -> Retention | None:
        if not destination.retention_s:
            return None
        return Retention(
            book=RetentionBook(int(destination.retention_s * 1e9)),
            lane=lane,
            client=self.client,
            webhook=destination.webhook,
            circuit=circuit,
            departure=departure,
            instruments=instruments,
            logger=self.settings.logger,
            wall_clock=self.wall_clock,
            counted=self.desk.books[destination.name],
        )

    def _fold(self, destination: Destination) -> LaneFold:
        return LaneFold(
            book=self.desk.books[destination.name],
            books=self.desk.books,
            lock=self.desk.lock,
            wall_clock=self.wall_clock,
            webhook_id=destination.webhook.id,
            folds_records=self.config.fold.enabled,
        )

    def _sender(
        self,
        destination: Destination,
        lane: Lane,
        state: LaneState,
        circuit: Circuit,
        instruments: DestinationInstruments,
        watch: LaneWatch,
    ) -> Sender:
        config, settings = self.config, self.settings
        options = assembly.render_options(config, destination)
        whose = self.whose if not is_sourced(destination.name) else None
        return Sender(
            composer=Composer(
                destination,
                SafeRenderer(Renderer(options, self.templates, self.troubles, whose), settings.logger),
                self.shelf,
                max_embeds=config.sending_queue.batch.max_size,
                max_file_bytes=assembly.max_file_bytes(config),
                wall_clock=self.wall_clock,
                memory=state.memory,
                has_own_looks=bool(config.templates.directory),
                pictures=self.pictures if destination.preset != "plain" else Pictures(),
            ),
            client=self.client,
            lane=lane,
            state=state,
            circuit=circuit,
            policy=config.retry_on_failure.policy(),
            instruments=instruments,
            tracer=settings.tracer,
            logger=settings.logger,
            watch=watch,
            wall_clock=self.wall_clock,
        )

    def _burial(
        self, name: str, instruments: DestinationInstruments, fold: LaneFold | None, watch: LaneWatch
    ) -> Burial:
        return Burial(
            destination=name,
            queue=self.queue,
            instruments=instruments,
            exporter_instruments=self.exporter_instruments,
            logger=self.settings.logger,
            release_attachments=self.release_attachments,
            box=self.box,
            upkeep=self.upkeep,
            fold=fold,
            watch=watch,
        )
