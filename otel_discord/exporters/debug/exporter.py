"""The exporter: a batch comes, its text goes to a person. A good first one to read."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from otel_discord.component.consumer import ACCEPTED, Receipt
from otel_discord.component.errors import ShutdownError
from otel_discord.component.factory import Settings
from otel_discord.component.host import Host
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.exporterhelper.observe_sender import ObserveSender
from otel_discord.exporters.debug.config import DebugConfig
from otel_discord.exporters.debug.sampling import Sampler
from otel_discord.exporters.debug.text import lines_of
from otel_discord.signals.batch import Batch


class DebugExporter:
    """Takes everything; shows what the sampling lets through."""

    def __init__(self, settings: Settings, config: DebugConfig) -> None:
        self._config = config
        self._logger = settings.logger
        self._running = False
        self._sampler = Sampler(config.sampling_initial, config.sampling_thereafter)
        instruments = ExporterInstruments(settings.meter, str(settings.id))
        self._observed = ObserveSender(self._show, settings.id, instruments, settings.tracer, settings.logger)

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:  # noqa: ARG002 - it needs nothing of the house
        """Take batches as long as this lasts."""
        self._running = True
        try:
            yield
        finally:
            self._running = False

    async def consume(self, batch: Batch) -> Receipt:
        """Show the batch, and count it as sent.

        Raises:
            ShutdownError: the exporter is not running.
        """
        if not self._running:
            raise ShutdownError("the debug exporter is not running")
        return await self._observed.send(batch)

    async def _show(self, batch: Batch) -> Receipt:
        if self._sampler.admits(asyncio.get_running_loop().time()):
            text = "\n".join(lines_of(batch, self._config.verbosity))
            if self._config.use_internal_logger:
                self._logger.info("%s", text)
            else:
                sys.stderr.write(f"{text}\n")
        return ACCEPTED
