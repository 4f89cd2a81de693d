"""Listens to what passes, looks for silence at each interval, and tells it: kept first, told then."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from otel_discord.component import (
    ACCEPTED,
    ComponentError,
    Host,
    Outlets,
    Receipt,
    RetryableError,
    Settings,
    ShutdownError,
    StartError,
    WorkQueue,
)
from otel_discord.connectors.heartbeat.config import HeartbeatConfig
from otel_discord.connectors.heartbeat.groups import Now
from otel_discord.connectors.heartbeat.keeper import Keeper
from otel_discord.connectors.heartbeat.listening import Listening
from otel_discord.connectors.heartbeat.own_numbers import OwnNumbers
from otel_discord.connectors.heartbeat.status import Seen, status_batch
from otel_discord.connectors.heartbeat.telling import to_batch
from otel_discord.connectors.heartbeat.watching import Silences, Watching, make_watching
from otel_discord.exporterhelper.handover import Handover
from otel_discord.exporterhelper.state_queue import open_state_queue
from otel_discord.ottl import OttlError
from otel_discord.ottl.told_once import ToldOnce
from otel_discord.signals import Batch, Signal

_WHOLE_EVERY_S: Final = 10.0
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
        self._is_open = False
        self._is_status_refused = False
        self._counted_since_s = 0.0
        self._errors = ToldOnce(self._tell_condition)
        self._listening: Listening
        self._watching: Watching
        self._keeper: Keeper
        self._handover: Handover
        self._numbers: OwnNumbers

    @asynccontextmanager
    async def lifespan(self, host: Host) -> AsyncIterator[None]:
        """Go on where an earlier run ended, look at each interval, and keep everything at the end.

        Raises:
            StartError: the storage is not there, or cannot be read.
        """
        self._host = host
        async with open_state_queue(host, self._config.storage, f"{self._settings.id}/alerts") as queue:
            await self._begin(queue)
            with self._numbers.shown():
                self._is_open = True
                try:
                    async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as tasks:
                        tasks.create_task(self._check_at_intervals())
                        try:
                            yield
                        finally:
                            self._is_open = False
                            self._closing.set()
                            limit.reschedule(host.drain_deadline_s or asyncio.get_running_loop().time() + _LAST_WORDS_S)
                except TimeoutError:
                    if not limit.expired():
                        raise
                    self._logger.warning("alerts were not taken in time; they go on with the next start")
                finally:
                    self._is_open = False
                await self._end()

    async def consume(self, batch: Batch) -> Receipt:
        """Note who sends.

        Raises:
            ShutdownError: the connector is not running.
        """
        if not self._is_open:
            raise ShutdownError("the heartbeat connector is not running")
        for _ in self._watching.take(batch, self._moment()):
            await asyncio.sleep(0)
        return ACCEPTED

    async def check(self) -> None:
        """Look for silence once, now: keep what has changed, then tell it.

        While a batch is not accepted by whoever comes next, alerts stand still.
        """
        self._listening.tick(asyncio.get_running_loop().time())
        if not await self._handover.hand_on():
            return
        told = self._watching.tellings(self._moment())
        self._numbers.checked()
        if told:
            batch = to_batch(told, self._settings.version).request.SerializeToString()
            await self._keeper.write(batch)
            self._handover.batch = batch
            await self._handover.hand_on()

    async def tell_status(self) -> bool:
        """Say what has been seen since the last time; return whether it was taken or refused for good."""
        loop_s, status = asyncio.get_running_loop().time(), self._config.status
        tally = self._watching.tally
        if status is None or tally is None or self._outlet is None:
            return True
        now = self._moment()
        counts = tally.take()
        seen = Seen(
            counts=counts,
            firing=tuple(tally.firing.values()),
            silent=self._watching.silent(now),
            elapsed_s=loop_s - self._counted_since_s,
            now_ns=now.wall_ns,
            max_lines=status.max_services,
            machines=tally.machines.lines(),
        )
        try:
            await self._outlet.consume(status_batch(seen, str(self._settings.id), self._settings.version))
        except RetryableError as error:
            tally.put_back(counts)
            self._tell_refusal(error)
            return False
        except ComponentError as error:
            self._tell_refusal(error)
        else:
            self._is_status_refused = False
        self._counted_since_s = loop_s
        return True

    async def _begin(self, queue: WorkQueue) -> None:
        loop_s = asyncio.get_running_loop().time()
        self._listening = Listening(2 * self._config.check_interval, loop_s)
        self._counted_since_s = loop_s
        now = self._moment()
        self._watching = make_watching(self._config, self._errors, now)
        configs = {watch.name: watch for watch in self._config.watch}
        self._keeper = Keeper(queue=queue, watches=self._watching.by_name, configs=configs, logger=self._logger)
        self._handover = Handover(
            component=str(self._settings.id),
            outlet=self._outlet,
            host=self._host,
            logger=self._logger,
            taken=self._keeper.handed_on,
        )
        try:
            stored = await self._keeper.restore(now.listening_s, now.wall_ns)
        except RetryableError as error:
            raise StartError(f"storage: what is known of silent groups cannot be read: {error}") from error
        self._handover.batch = stored.batch
        self._watching.adopt(stored.watches)
        self._watching.go_on_waiting(self._host.kept(_SILENCES, dict))
        self._numbers = OwnNumbers(self._settings.meter, str(self._settings.id), self._watching.by_name)
        self._numbers.checked()

    async def _check_at_intervals(self) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time() + self._config.check_interval
        whole_s = loop.time() + _WHOLE_EVERY_S
        status_s = loop.time() + self._config.status.interval if self._config.status else float("inf")
        while not await self._closes_before(due_s):
            await self.check()
            if loop.time() >= status_s and await self.tell_status() and self._config.status:
                status_s = loop.time() + self._config.status.interval
            if not self._handover.batch and loop.time() >= whole_s:
                await self._keeper.write()
                whole_s = loop.time() + _WHOLE_EVERY_S
            due_s = max(due_s + self._config.check_interval, loop.time())

    async def _closes_before(self, due_s: float) -> bool:
        try:
            async with asyncio.timeout_at(due_s):
                await self._closing.wait()
        except TimeoutError:
            return False
        return True

    async def _end(self) -> None:
        """Hand on what waits, and store everything, as far as it takes no longer than a moment."""
        try:
            async with asyncio.timeout(_LAST_WORDS_S), asyncio.timeout_at(self._host.drain_deadline_s):
                if await self._handover.hand_on():
                    await self._keeper.write()
        except TimeoutError:
            self._logger.warning("there was no time to store all that is known; what is silent is stored")
        if self._host.hands_over:
            silences: Silences = self._host.kept(_SILENCES, dict)
            silences.clear()
            silences.update(self._watching.silences(self._moment()))
        for text, count in self._errors.counts.items():
            self._logger.warning("a condition could not be evaluated %d times: %s", count, text)

    def _moment(self) -> Now:
        return Now(self._listening.at(asyncio.get_running_loop().time()), self._now_ns())

    def _tell_refusal(self, error: ComponentError) -> None:
        if not self._is_status_refused:
            self._logger.warning("a status is not accepted: %s", error)
        self._is_status_refused = True

    def _tell_condition(self, condition: str, error: OttlError) -> None:
        self._logger.warning(
            "a condition cannot be evaluated, so its resource does not count: %s: %s", condition, error
        )
