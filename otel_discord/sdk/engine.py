"""The service's exporter inside an application: one for all outlets that send to the same place in the same way.

So logs, metrics and spans of one application fold into each other's cards and share the channel's limits.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NoOpTracerProvider

from otel_discord import __version__
from otel_discord.component import ComponentId, PermanentError, Settings, StartError
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.destinations import resolve_destinations
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.sdk.host import ApplicationHost
from otel_discord.sdk.line import Line
from otel_discord.sdk.own_logging import Quiet
from otel_discord.sdk.spool_sent_again import spool_sent_again

if TYPE_CHECKING:
    from otel_discord.sdk.outlet import Outlet

_log: Final = logging.getLogger("otel_discord.sdk")

_FAILURES: Final = 5
_AFTER_FAILURE_S: Final = 5.0
_SPOOL_PATIENCE_S: Final = 2.0
"""How long one of several outlets waits at its end where there is a spool: what is left is safe there."""


class Engine:
    """Of some outlets.

    Args:
        config: what they have in common.
        done: called with each outlet for which there is nothing more to do.
    """

    def __init__(self, config: DiscordConfig, done: "Callable[[Outlet], None]") -> None:
        self.config = config
        self._done = done
        self._lines: list[Line] = []
        self._open: set[Line] = set()
        """Those that may still take something."""
        self._none_open = asyncio.Event()
        self._start: Callable[[Line], object] | None = None
        """Starts a line; None while the exporter is not open."""

    @property
    def takes_others(self) -> bool:
        """Whether an outlet may still join."""
        return bool(self._open)

    def add(self, outlet: "Outlet") -> None:
        """Let an outlet join: before :meth:`run`, or while it takes others."""
        line = Line(outlet, self.config)
        self._lines.append(line)
        self._open.add(line)
        if self._start is not None:
            self._start(line)

    def look(self) -> None:
        """Look whether an outlet has something new."""
        for line in self._lines:
            line.bell.set()

    async def run(self) -> None:
        """Send until all outlets are closed. Errors end here, as a line of the log."""
        try:
            await self._run_again_and_again()
        finally:
            for line in list(self._lines):
                self._end(line)

    async def _run_again_and_again(self) -> None:
        for failure in range(1, _FAILURES + 1):
            try:
                await self._run()
            except (StartError, PermanentError) as error:
                self._give_up(str(error))
            except Exception:  # noqa: BLE001 - a fault of ours is said, and the application goes on
                _log.exception("sending to Discord failed, and begins anew (%d of %d)", failure, _FAILURES)
                if all(line.outlet.is_closed for line in self._lines):
                    return
                await asyncio.sleep(_AFTER_FAILURE_S * failure)
            else:
                return
            if all(line.outlet.is_inert for line in self._lines):
                return
        self._give_up("it fails again and again")

    def _give_up(self, reason: str) -> None:
        for line in self._lines:
            line.outlet.give_up(reason)

    async def _run(self) -> None:
        quiet = Quiet()
        name = self._lines[0].outlet.name
        logger = logging.getLogger(f"otel_discord.exporter.{name}")
        logger.addFilter(quiet)
        settings = Settings(
            id=ComponentId(*name.split("/", 1)),
            meter=NoOpMeterProvider().get_meter("otel_discord"),
            tracer=NoOpTracerProvider().get_tracer("otel_discord"),
            logger=logger,
            version=__version__,
        )
        host = ApplicationHost()
        exporter = DiscordExporter(settings, self.config, resumes_letters=bool(self.config.dead_letters.directory))
        try:
            async with exporter.lifespan(host):
                async with spool_sent_again(exporter, self.config, self._drain_deadline_s):
                    await self._run_lines(exporter)
                host.drain_deadline_s = self._drain_deadline_s()
        finally:
            self._start = None
            logger.removeFilter(quiet)
            if (words := quiet.summary()) and not any(line.outlet.is_abandoned for line in self._lines):
                _log.error("%s", words)

    async def _run_lines(self, exporter: DiscordExporter) -> None:
        floor = min((item.min_severity for item in resolve_destinations(self.config)), default=0)
        self._open = set(self._lines)
        self._none_open.clear()
        async with asyncio.TaskGroup() as tasks:

            def start(line: Line) -> None:
                line.outlet.floor = floor
                tasks.create_task(self._run_line(line, exporter), name=f"{line.outlet.name} in an application")

            for line in self._lines:
                start(line)
            self._start = start

    async def _run_line(self, line: Line, exporter: DiscordExporter) -> None:
        await line.run(exporter)
        self._open.discard(line)
        if not self._open:
            self._none_open.set()
            self._start = None
        elif not line.outlet.is_inert:
            await self._until_sent(line, exporter)
        if self._open:  # else it ends with the exporter
            self._end(line)

    async def _until_sent(self, line: Line, exporter: DiscordExporter) -> None:
        """Wait for what came from an outlet that ends, while others go on."""
        until_s = line.drain_deadline_s()
        if self.config.dead_letters.directory:
            until_s = min(until_s, asyncio.get_running_loop().time() + _SPOOL_PATIENCE_S)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until_s), asyncio.TaskGroup() as tasks:
                sent = tasks.create_task(exporter.flushed())
                last = tasks.create_task(self._none_open.wait())
                await asyncio.wait([sent, last], return_when=asyncio.FIRST_COMPLETED)
                sent.cancel()
                last.cancel()

    def _end(self, line: Line) -> None:
        self._lines.remove(line)
        self._open.discard(line)
        self._done(line.outlet)

    def _drain_deadline_s(self) -> float:
        return min(line.drain_deadline_s() for line in self._lines)
