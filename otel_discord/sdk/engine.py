"""The service's exporter inside an application: records of one outlet in, messages out, the rest into the spool."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NoOpTracerProvider

from otel_discord import __version__
from otel_discord.component import (
    ComponentId,
    LetterFilter,
    PermanentError,
    RetryableError,
    Settings,
    ShutdownError,
    StartError,
)
from otel_discord.component.dead_letters import ReplayRequest, ReplayState
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.dead_letters.notice import OF_THE_RECORD
from otel_discord.exporters.discord.destinations import resolve_destinations
from otel_discord.exporters.discord.exporter import DiscordExporter
from otel_discord.sdk.configuration import discord_config
from otel_discord.sdk.host import ApplicationHost
from otel_discord.sdk.own_logging import Quiet
from otel_discord.sdk.sender import GATHER_S
from otel_discord.sdk.settings import SettingsError
from otel_discord.sdk.spool import make_sure_of_room
from otel_discord.sdk.to_otlp import logs_batch

if TYPE_CHECKING:
    from otel_discord.sdk.outlet import Outlet
    from otel_discord.sdk.snapshot import Snapshot

_log: Final = logging.getLogger("otel_discord.sdk")

_RECORDS_AT_A_TIME: Final = 128
"""So few that no thread of the application waits long for the buffer."""
_FULL_PAUSE_S: Final = 0.25
"""Until a full queue is tried again; meanwhile the buffer fills, folds, and lets the least important go."""
_LAST_SHARE: Final = 0.3
_LAST_MOST_S: Final = 1.5
"""What is kept of the time for an end, so that what was not sent can still be written down."""
_FAILURES: Final = 5
_AFTER_FAILURE_S: Final = 5.0
_SENT_AGAIN: Final = frozenset(
    str(reason) for reason in Reason if reason not in OF_THE_RECORD and reason is not Reason.EXPIRED
)
"""Why a spooled record was not sent that may well be sent now."""


class Engine:
    """Of one outlet; ``bell`` rings when the outlet has something new."""

    def __init__(self, outlet: "Outlet") -> None:
        self.outlet = outlet
        self.bell = asyncio.Event()

    async def run(self) -> None:
        """Send until the outlet is closed. Errors end here, as a line of the log."""
        try:
            config = discord_config(self.outlet.settings)
        except SettingsError as error:
            self.outlet.give_up(str(error))
            return
        for failure in range(1, _FAILURES + 1):
            try:
                await self._run(config)
            except (StartError, PermanentError) as error:
                self.outlet.give_up(str(error))
            except Exception:  # noqa: BLE001 - a fault of ours is said, and the application goes on
                _log.exception("sending to Discord failed, and begins anew (%d of %d)", failure, _FAILURES)
                if self.outlet.is_closed:
                    return
                await asyncio.sleep(_AFTER_FAILURE_S * failure)
            else:
                return
            if self.outlet.is_inert:
                return
        self.outlet.give_up("it fails again and again")

    async def _run(self, config: DiscordConfig) -> None:
        quiet = Quiet()
        logger = logging.getLogger(f"otel_discord.exporter.{self.outlet.name}")
        logger.addFilter(quiet)
        settings = Settings(
            id=ComponentId(*self.outlet.name.split("/", 1)),
            meter=NoOpMeterProvider().get_meter("otel_discord"),
            tracer=NoOpTracerProvider().get_tracer("otel_discord"),
            logger=logger,
            version=__version__,
        )
        host = ApplicationHost()
        exporter = DiscordExporter(settings, config, resumes_letters=bool(config.dead_letters.directory))
        try:
            async with exporter.lifespan(host):
                self.outlet.floor = min((item.min_severity for item in resolve_destinations(config)), default=0)
                async with _spool_sent_again(exporter, config, self._drain_deadline_s):
                    await self._pump(exporter)
                host.drain_deadline_s = self._drain_deadline_s()
        finally:
            logger.removeFilter(quiet)
            if (words := quiet.summary()) and not self.outlet.is_abandoned:
                _log.error("%s", words)

    def _drain_deadline_s(self) -> float:
        now_s = asyncio.get_running_loop().time()
        close_at_s = self.outlet.close_at_s
        left_s = max(0.0, close_at_s - now_s) if close_at_s is not None else 0.0
        return now_s + left_s - min(_LAST_MOST_S, left_s * _LAST_SHARE)

    async def _pump(self, exporter: DiscordExporter) -> None:
        """Pass on what the application has logged, until the outlet is closed and empty, or out of time."""
        flushes: list[asyncio.Task[None]] = []
        async with asyncio.TaskGroup() as tasks:
            while True:
                taken = self.outlet.take(_RECORDS_AT_A_TIME)
                if taken.losses is not None:
                    losses = taken.losses
                    exporter.not_shown(losses.by_severity, losses.since_ns, losses.until_ns)
                if taken.snapshots:
                    await self._pass_on(exporter, taken.snapshots)
                    await asyncio.sleep(0)
                    continue
                flushes = [each for each in flushes if not each.done()]
                flushes += [tasks.create_task(_flush(exporter, done), name="flush") for done in taken.flushes]
                if taken.is_last:
                    break
                await self.bell.wait()
                self.bell.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(GATHER_S):
                        while not self.outlet.is_hurried:
                            await self.bell.wait()
                            self.bell.clear()
            for each in flushes:  # who waits for one is told by the end, which sends the same records
                each.cancel()

    async def _pass_on(self, exporter: DiscordExporter, snapshots: "Sequence[Snapshot]") -> None:
        batch = logs_batch(snapshots)
        while True:
            try:
                await exporter.consume(batch)
            except (PermanentError, ShutdownError) as error:
                _log.error("%d records were not taken: %s", len(snapshots), error)
            except RetryableError as error:
                close_at_s = self.outlet.close_at_s
                if close_at_s is not None and asyncio.get_running_loop().time() >= self._drain_deadline_s():
                    _log.error("%d records were not taken before the end: %s", len(snapshots), error)
                    return
                await asyncio.sleep(_FULL_PAUSE_S)
                continue
            return


async def _flush(exporter: DiscordExporter, done: threading.Event) -> None:
    await exporter.flushed()
    done.set()


@asynccontextmanager
async def _spool_sent_again(
    exporter: DiscordExporter, config: DiscordConfig, drain_deadline_s: Callable[[], float]
) -> AsyncIterator[None]:
    """Send what an earlier run has left, also after the block as far as there is time; the rest stays where it is."""
    directory = config.dead_letters.directory
    if not directory or not Path(directory).is_dir():  # noqa: ASYNC240 - one look, before anything is sent
        yield
        return
    task = asyncio.create_task(_send_again(exporter, directory), name="spool")
    try:
        yield
        left_s = drain_deadline_s() - asyncio.get_running_loop().time()
        await asyncio.wait([task], timeout=max(0.0, left_s))
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _send_again(exporter: DiscordExporter, directory: str) -> None:
    request = ReplayRequest(chosen=LetterFilter(reasons=_SENT_AGAIN))
    last: ReplayState | None = None
    try:
        await asyncio.to_thread(make_sure_of_room, directory)
        async for state in exporter.dead_letters().replay(request):
            last = state
    except RetryableError as error:  # another process of this application is at it
        _log.info("the spool is not sent again by this process: %s", error)
    except (OSError, PermanentError) as error:
        _log.warning("the spool cannot be sent again: %s", error)
    if last is not None and last.chosen:
        _log.info("of %d messages in the spool %d were sent again", last.chosen, last.delivered)
    if last is not None and last.remarks:
        _log.warning("%d messages stay in the spool: %s", last.left, " ".join(last.remarks))
