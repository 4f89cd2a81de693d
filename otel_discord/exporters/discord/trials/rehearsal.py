"""What is done in a trial: a batch is routed and a card is shown as the exporter would do it, and nothing is kept.

Whatever is raised is no matter: the exporter lives through that. What counts is whether the process does.
"""

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component import StoredCard
from otel_discord.exporters.discord import assembly
from otel_discord.exporters.discord.alerts.grouping import AlertFinder
from otel_discord.exporters.discord.compose import Composer
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.destinations import Destination, resolve_destinations
from otel_discord.exporters.discord.render import Renderer
from otel_discord.exporters.discord.routed import CardMaker
from otel_discord.exporters.discord.routing import CRITICAL_PRIORITY
from otel_discord.exporters.discord.routing_table import routing_table
from otel_discord.exporters.discord.safe_render import SafeRenderer, told_troubles
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.exporters.discord.trials.wire import Kind, split_shown
from otel_discord.signals import LogsBatch

_SHELF_BYTES: Final = 16 << 20


class Rehearsal:
    """Of one configuration."""

    def __init__(self, config: DiscordConfig, logger: logging.Logger) -> None:
        self._config = config
        self._destinations = resolve_destinations(config)
        self._routing = routing_table(config, self._destinations, logger)
        self._gate = assembly.gate(config)
        self._templates = config.templates.templates(time.time_ns)
        self._troubles = told_troubles(logger)
        self._logger = logger
        self._composers: Mapping[str, Composer] = {item.name: self._composer(item) for item in self._destinations}

    def play(self, kind: Kind, payload: bytes, accepted_ns: int) -> None:
        """Do what a frame asks for."""
        with suppress(Exception):
            if kind is Kind.ROUTE:
                self._route(LogsBatch(ExportLogsServiceRequest.FromString(payload)), accepted_ns)
            else:
                self._show(*split_shown(payload))

    def _route(self, batch: LogsBatch, accepted_ns: int) -> None:
        desk = assembly.fold_desk(self._config, self._destinations)
        maker = CardMaker(
            router=self._routing,
            shelf=Shelf(_SHELF_BYTES),
            allowed_directories=(),
            max_file_bytes=assembly.max_file_bytes(self._config),
            finder=desk.finder if self._config.fold.enabled else None,
            gate=self._gate,
            alerts=AlertFinder(self._config.alerts.group_by, lambda: None),
        )
        draft = desk.draft(time.time_ns())
        for _ in maker.route(0, batch, accepted_ns, draft, []):
            pass
        draft.cards()

    def _show(self, destination: str, payload: bytes) -> None:
        """Show a card as it is shown when it comes, and then in a digest; of a destination that is not known, as by the
        first one."""
        composer = self._composers.get(destination) or next(iter(self._composers.values()))
        stored = StoredCard(0, destination, CRITICAL_PRIORITY, payload)
        with suppress(Exception):
            composer.compose([stored], repeated=True)
        composer.compose_digest([stored])

    def _composer(self, destination: Destination) -> Composer:
        renderer = Renderer(assembly.render_options(self._config, destination), self._templates, self._troubles)
        return Composer(
            destination,
            SafeRenderer(renderer, self._logger),
            Shelf(_SHELF_BYTES),
            max_embeds=self._config.sending_queue.batch.max_size,
            max_file_bytes=assembly.max_file_bytes(self._config),
        )
