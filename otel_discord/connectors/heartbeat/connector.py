"""Listens to what passes: alone, or as one of a fleet in which one replica tells what all of them have heard."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from otel_discord.component import ACCEPTED, Host, Outlets, Receipt, Settings, ShutdownError
from otel_discord.component.state_table import SharesTables
from otel_discord.component.storage import Storage
from otel_discord.connectors.heartbeat.config import HeartbeatConfig
from otel_discord.connectors.heartbeat.desk import Desk
from otel_discord.connectors.heartbeat.hearing import Hearing
from otel_discord.connectors.heartbeat.watching import Silences
from otel_discord.exporterhelper.kept_state import SmallState
from otel_discord.exporterhelper.state_queue import open_state_queue
from otel_discord.ottl import OttlError
from otel_discord.ottl.told_once import ToldOnce
from otel_discord.signals import Batch, Signal

_LAST_WORDS_S: Final = 2.0
_SILENCES: Final = "silences"


class HeartbeatConnector:
    """Everything in; alerts of silence and a status out."""

    def __init__(
        self,
        settings: Settings,
        config: HeartbeatConfig,
        outlets: Outlets,
        wall_clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._settings = settings
        self._logger = settings.logger
        self._config = config
        self._outlet = outlets.by_signal.get(Signal.LOGS)
        self._now_ns = wall_clock_ns
        self._closing = asyncio.Event()
        self._listener: Desk | Hearing | None = None
        self._errors = ToldOnce(self._tell_condition)

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Go on where an earlier run ended, look at each interval, and keep everything at the end.

        Raises:
            StartError: the storage is not there, or cannot be read.
        """
        kept_in = host.extension(self._config.storage, Storage) if self._config.storage else None
        is_fleet = isinstance(kept_in, SharesTables) and kept_in.is_shared
        async with self._in_fleet(host) if is_fleet else self._alone(host):
            yield
        for text, count in self._errors.counts.items():
            self._logger.warning("a condition could not be evaluated %d times: %s", count, text)

    async def consume(self, batch: Batch) -> Receipt:
        """Note who sends.

        Raises:
            ShutdownError: the connector is not running.
        """
        if self._listener is None:
            raise ShutdownError("the heartbeat connector is not running")
        await self._listener.take(batch)
        return ACCEPTED

    @asynccontextmanager
    async def _alone(self, host: Host) -> AsyncIterator[None]:
        async with self._open_state(host) as queue:
            desk = self._desk(host, queue)
            silences: Silences = host.kept(_SILENCES, dict)
            await desk.begin(silences)
            with desk.numbers.shown():
                self._listener = desk
                try:
                    async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as tasks:
                        tasks.create_task(self._look_at_intervals(desk))
                        try:
                            yield
                        finally:
                            self._listener = None
                            self._closing.set()
                            limit.reschedule(host.drain_deadline_s or asyncio.get_running_loop().time() + _LAST_WORDS_S)
                except TimeoutError:
                    if not limit.expired():
                        raise
                    self._logger.warning("alerts were not taken in time; they go on with the next start")
                finally:
                    self._listener = None
                await desk.end()
                if host.hands_over:
                    silences.clear()
                    silences.update(desk.watching.silences(desk.moment()))

    @asynccontextmanager
    async def _in_fleet(self, host: Host) -> AsyncIterator[None]:
        storage = host.extension(self._config.storage or "", SharesTables)
        async with storage.open_shared_table(f"{self._settings.id}/heard") as table:
            hearing = Hearing(
                table=table,
                config=self._config,
                logger=self._logger,
                on_error=self._errors,
                desk=lambda state, may_tell: self._desk(host, state, may_tell),
                before=lambda: self._open_state(host),
            )
            async with hearing.running():
                self._listener = hearing
                try:
                    yield
                finally:
                    self._listener = None

    def _open_state(self, host: Host) -> AbstractAsyncContextManager[SmallState]:
        return open_state_queue(host, self._config.storage, f"{self._settings.id}/alerts")

    def _desk(self, host: Host, state: SmallState, may_tell: Callable[[], bool] = lambda: True) -> Desk:
        return Desk(
            settings=self._settings,
            config=self._config,
            outlet=self._outlet,
            host=host,
            state=state,
            wall_clock_ns=self._now_ns,
            on_error=self._errors,
            may_tell=may_tell,
        )

    async def _look_at_intervals(self, desk: Desk) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + self._config.check_interval
        while not await self._closes_before(due_s):
            await desk.look()
            due_s = max(due_s + self._config.check_interval, loop.time())

    async def _closes_before(self, due_s: float) -> bool:
        try:
            async with asyncio.timeout_at(due_s):
                await self._closing.wait()
        except TimeoutError:
            return False
        return True

    def _tell_condition(self, condition: str, error: OttlError) -> None:
        self._logger.warning(
            "a condition cannot be evaluated, so its resource does not count: %s: %s", condition, error
        )
