"""The connector as one of a fleet: each replica says what it hears, and the one who leads looks for silence.

What a replica hears goes to a table that all of them share, one letter at a time: the next is written when the last
was read, and names meanwhile everything that came. Whoever leads reads the letters of all, its own too, keeps alerts in
the same table and tells them. While it cannot read no time goes by for it.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import RetryableError, ShutdownError, StartError
from otel_discord.component.state_table import Lead, SharedTable
from otel_discord.connectors.heartbeat.config import HeartbeatConfig
from otel_discord.connectors.heartbeat.desk import Desk
from otel_discord.connectors.heartbeat.groups import Now
from otel_discord.connectors.heartbeat.heard import drain, number_of, take_in
from otel_discord.connectors.heartbeat.watching import Watching, make_watching
from otel_discord.exporterhelper.kept_state import SmallState, TableState
from otel_discord.ottl import OnError
from otel_discord.signals import Batch

_LETTER: Final = "heard/"
_TELL_AT_LEAST_EVERY_S: Final = 5.0
_TELLINGS_PER_SILENCE: Final = 4
_LAST_WORDS_S: Final = 2.0
_NOBODY_MOMENT: Final = Now(0.0, 0)


@dataclass(slots=True, kw_only=True)
class Hearing:
    """On one replica. ``before`` opens what a single process has kept, ``desk`` makes who tells, over a state."""

    table: SharedTable
    config: HeartbeatConfig
    logger: logging.Logger
    on_error: OnError
    desk: Callable[[SmallState, Callable[[], bool]], Desk]
    before: Callable[[], AbstractAsyncContextManager[SmallState]]
    _name: str = field(default_factory=lambda: secrets.token_hex(8), init=False)
    _number: int = field(default=0, init=False)
    _letter: bytes = field(default=b"", init=False)
    _ear: Watching = field(init=False)

    def __post_init__(self) -> None:
        self._ear = make_watching(self.config, self.on_error, _NOBODY_MOMENT)

    @property
    def pause_s(self) -> float:
        """How long what is heard waits until it is told: short beside the shortest silence that is one."""
        shortest_s = min((watch.after for watch in self.config.watch), default=_TELL_AT_LEAST_EVERY_S)
        return min(_TELL_AT_LEAST_EVERY_S, shortest_s / _TELLINGS_PER_SILENCE)

    async def take(self, batch: Batch) -> None:
        """Note who sends."""
        for _ in self._ear.take(batch, _NOBODY_MOMENT):
            await asyncio.sleep(0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell what is heard, and lead where nobody else does, as long as the block runs."""
        async with asyncio.TaskGroup() as tasks:
            working = [
                tasks.create_task(self._tell_at_intervals(), name="what is heard"),
                tasks.create_task(self._lead_again_and_again(), name="who tells of silence"),
            ]
            try:
                yield
            finally:
                for each in working:
                    each.cancel()
                await asyncio.wait(working)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LAST_WORDS_S):
                        await self._tell()

    async def _tell_at_intervals(self) -> None:
        while True:
            await asyncio.sleep(self.pause_s)
            await self._tell()

    async def _tell(self) -> None:
        """Write a letter where the last one was read; what cannot be told now is told later."""
        with suppress(RetryableError, ShutdownError):
            if self._letter and not await self.table.swap(_LETTER + self._name, None, self._letter):
                return
            self._number += 1
            self._letter = drain(self._ear, f"{self._name}/{self._number}")
            if self._letter and await self.table.swap(_LETTER + self._name, None, self._letter):
                self._letter = b""

    async def _lead_again_and_again(self) -> None:
        while True:
            try:
                async with self.table.lead() as lead:
                    await self._lead(lead)
            except (RetryableError, ShutdownError, StartError) as error:
                self.logger.warning("this replica cannot tell of silence now: %s", error)
            await asyncio.sleep(self.config.check_interval)

    async def _lead(self, lead: Lead) -> None:
        desk = self.desk(TableState(lead.table), lambda: lead.certain_s > 0)
        async with self.before() as before:
            await desk.begin({}, before)
        with desk.numbers.shown():
            lost = asyncio.ensure_future(lead.lost())
            try:
                await self._look_until(lost, desk, lead)
            finally:
                lost.cancel()
                await asyncio.wait([lost])
                await desk.end()

    async def _look_until(self, lost: "asyncio.Future[None]", desk: Desk, lead: Lead) -> None:
        version, read = -1, dict[str, str]()
        while not lost.done():
            with suppress(RetryableError):  # no time goes by then
                changes = await self.table.changes(version)
                letters = {key: value for key, value in changes.values.items() if key.startswith(_LETTER) and value}
                for key, letter in letters.items():
                    if read.get(key) != (number := number_of(letter)):
                        self._hear(desk, letter)
                        read[key] = number
                if letters:
                    await lead.table.put(dict.fromkeys(letters))
                version = changes.version
                await desk.look()
            await asyncio.wait([lost], timeout=self.config.check_interval)

    def _hear(self, desk: Desk, letter: bytes) -> None:
        try:
            take_in(desk.watching, letter, desk.moment())
        except ValueError as error:
            self.logger.warning("what another replica has heard cannot be read: %s", error)
