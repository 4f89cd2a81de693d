"""Looks for silence at each interval, and tells it: kept first, told then. In a fleet the one who leads does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import ComponentError, Consumer, Host, RetryableError, Settings, StartError
from otel_discord.connectors.heartbeat.config import HeartbeatConfig
from otel_discord.connectors.heartbeat.groups import Now
from otel_discord.connectors.heartbeat.keeper import Keeper
from otel_discord.connectors.heartbeat.listening import Listening
from otel_discord.connectors.heartbeat.own_numbers import OwnNumbers
from otel_discord.connectors.heartbeat.status import Seen, status_batch
from otel_discord.connectors.heartbeat.telling import to_batch
from otel_discord.connectors.heartbeat.watching import Silences, Watching, make_watching
from otel_discord.exporterhelper.handover import Handover
from otel_discord.exporterhelper.kept_state import SmallState
from otel_discord.ottl import OnError
from otel_discord.signals import Batch

_WHOLE_EVERY_S: Final = 10.0
_LAST_WORDS_S: Final = 2.0


@dataclass(slots=True, kw_only=True)
class Desk:
    """Of one connector. ``may_tell`` is whether what is told now may go out; ``on_error`` hears of conditions."""

    settings: Settings
    config: HeartbeatConfig
    outlet: Consumer | None
    host: Host
    state: SmallState
    wall_clock_ns: Callable[[], int]
    on_error: OnError
    may_tell: Callable[[], bool] = lambda: True
    listening: Listening = field(init=False)
    watching: Watching = field(init=False)
    numbers: OwnNumbers = field(init=False)
    _keeper: Keeper = field(init=False)
    _handover: Handover = field(init=False)
    _counted_since_s: float = field(default=0.0, init=False)
    _whole_s: float = field(default=0.0, init=False)
    _status_s: float = field(default=0.0, init=False)
    _is_status_refused: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        loop_s = asyncio.get_running_loop().time()
        self.listening = Listening(2 * self.config.check_interval, loop_s)
        self._counted_since_s, self._whole_s = loop_s, loop_s + _WHOLE_EVERY_S
        self._status_s = loop_s + self.config.status.interval if self.config.status else float("inf")
        self.watching = make_watching(self.config, self.on_error, self.moment())
        configs = {watch.name: watch for watch in self.config.watch}
        logger = self.settings.logger
        self._keeper = Keeper(queue=self.state, watches=self.watching.by_name, configs=configs, logger=logger)
        self._handover = Handover(
            component=str(self.settings.id),
            outlet=self.outlet,
            host=self.host,
            logger=logger,
            taken=self._keeper.handed_on,
        )
        self.numbers = OwnNumbers(self.settings.meter, str(self.settings.id), self.watching.by_name)

    async def begin(self, silences: Silences, before: SmallState | None = None) -> None:
        """Go on where an earlier one ended, or where nothing is known what ``before`` has; ``silences`` it handed over.

        Raises:
            StartError: the storage cannot be read.
        """
        now = self.moment()
        try:
            if before is not None:
                await self._keeper.adopt(before)
            stored = await self._keeper.restore(now.listening_s, now.wall_ns)
        except RetryableError as error:
            raise StartError(f"storage: what is known of silent groups cannot be read: {error}") from error
        self._handover.batch = stored.batch
        self.watching.adopt(stored.watches)
        self.watching.go_on_waiting(silences)
        self.numbers.checked()

    async def take(self, batch: Batch) -> None:
        """Note who sends."""
        for _ in self.watching.take(batch, self.moment()):
            await asyncio.sleep(0)

    async def look(self) -> None:
        """Do what is due at an interval."""
        await self.check()
        loop_s = asyncio.get_running_loop().time()
        if loop_s >= self._status_s and self.may_tell() and await self.tell_status() and self.config.status:
            self._status_s = loop_s + self.config.status.interval
        if not self._handover.batch and loop_s >= self._whole_s:
            await self._keeper.write()
            self._whole_s = loop_s + _WHOLE_EVERY_S

    async def check(self) -> None:
        """Look for silence once, now: keep what has changed, then tell it.

        While a batch is not accepted by whoever comes next, alerts stand still.
        """
        self.listening.tick(asyncio.get_running_loop().time())
        if not self.may_tell() or not await self._handover.hand_on():
            return
        told = self.watching.tellings(self.moment())
        self.numbers.checked()
        if told:
            batch = to_batch(told, self.settings.version).request.SerializeToString()
            await self._keeper.write(batch)
            self._handover.batch = batch
            if self.may_tell():
                await self._handover.hand_on()

    async def tell_status(self) -> bool:
        """Say what has been seen since the last time; return whether it was taken or refused for good."""
        loop_s, status = asyncio.get_running_loop().time(), self.config.status
        tally = self.watching.tally
        if status is None or tally is None or self.outlet is None:
            return True
        now = self.moment()
        counts = tally.take()
        seen = Seen(
            counts=counts,
            firing=tuple(tally.firing.values()),
            silent=self.watching.silent(now),
            elapsed_s=loop_s - self._counted_since_s,
            now_ns=now.wall_ns,
            max_lines=status.max_services,
            machines=tally.machines.lines(),
        )
        try:
            await self.outlet.consume(status_batch(seen, str(self.settings.id), self.settings.version))
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

    async def end(self) -> None:
        """Hand on what waits, and store everything, as far as it takes no longer than a moment."""
        try:
            async with asyncio.timeout(_LAST_WORDS_S), asyncio.timeout_at(self.host.drain_deadline_s):
                if self.may_tell() and await self._handover.hand_on():
                    await self._keeper.write()
        except TimeoutError:
            self.settings.logger.warning("there was no time to store all that is known; what is silent is stored")

    def moment(self) -> Now:
        """Return the present."""
        return Now(self.listening.at(asyncio.get_running_loop().time()), self.wall_clock_ns())

    def _tell_refusal(self, error: ComponentError) -> None:
        if not self._is_status_refused:
            self.settings.logger.warning("a status is not accepted: %s", error)
        self._is_status_refused = True
