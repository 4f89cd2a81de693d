"""Where trials are held: a process of its own, begun with the first and again whenever one has ended it."""

import asyncio
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import Settings
from otel_discord.exporters.discord.config import DiscordConfig
from otel_discord.exporters.discord.trials.wire import ALIVE, Kind, framed, written

_COMMAND: Final = ("-P", "-m", "otel_discord.exporters.discord.trials")
_START_S: Final = 30.0
_TRIAL_S: Final = 20.0
"""What takes longer ends the process as well: by whoever looks whether it is alive."""
_LEAVING_S: Final = 0.3
_ENDING_S: Final = 2.0


class CannotBeHeldError(Exception):
    """There is no process for a trial, so nothing is known."""


class _DiedError(Exception):
    """The process ended, or did not answer in time."""


@dataclass(slots=True, kw_only=True)
class TrialRoom:
    """Of one exporter in this process; engines of several shards share it."""

    config: Callable[[], bytes]
    """The configuration, as ``wire.written`` gives it."""
    logger: logging.Logger
    command: Sequence[str] = (sys.executable, *_COMMAND)
    trial_s: float = _TRIAL_S
    _process: Process | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _is_closed: bool = False
    _is_useless: bool = False
    """No process can be begun; it was said."""

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["TrialRoom"]:
        """Let trials be held while the block runs."""
        try:
            yield self
        finally:
            self._is_closed = True
            await self._end()

    async def kills(self, kind: Kind, payload: bytes, accepted_ns: int = 0) -> bool:
        """Return whether something ends the process that handles it: twice, the second time as the first thing it does.

        Raises:
            CannotBeHeldError: nothing is known.
        """
        frame = framed(kind, payload, accepted_ns)
        async with self._lock:
            for _ in range(2):
                try:
                    await self._try(frame)
                except _DiedError:
                    await self._end()
                else:
                    return False
            return True

    async def rest(self) -> None:
        """End the process; the next trial begins one anew."""
        async with self._lock:
            await self._end()

    async def _try(self, frame: bytes) -> None:
        process = self._process or await self._begin()
        is_answered = False
        try:
            await _answered(process, frame, self.trial_s)
            is_answered = True
        finally:
            if not is_answered:  # an answer that comes later would be taken for that to the next one
                await self._end()

    async def _begin(self) -> Process:
        """Begin a process and wait until it is ready.

        Raises:
            CannotBeHeldError: that cannot be done.
        """
        if self._is_closed or self._is_useless:
            raise CannotBeHeldError
        try:
            config = self.config()
            self._process = process = await asyncio.create_subprocess_exec(
                *self.command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True
            )
            await _answered(process, len(config).to_bytes(4, "big") + config, _START_S)
        except (OSError, ValueError, _DiedError) as error:
            await self._end()
            self._is_useless = True
            self.logger.warning("what may end this process cannot be tried in another one: %s", error)
            raise CannotBeHeldError from error
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_LEAVING_S):
                await process.wait()  # one that has ended is not to be killed: the loop would miss its end
        except TimeoutError:
            process.kill()
            with suppress(TimeoutError):
                async with asyncio.timeout(_ENDING_S):
                    await process.wait()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()


def trial_room(settings: Settings, config: DiscordConfig) -> AbstractAsyncContextManager[TrialRoom]:
    """Return the room of an exporter, to be opened."""
    return TrialRoom(config=lambda: written(config), logger=settings.logger).opened()


async def _answered(process: Process, frame: bytes, within_s: float) -> None:
    """Wait for the answer to a frame.

    Raises:
        _DiedError: there is none.
    """
    asked, answers = process.stdin, process.stdout
    if asked is None or answers is None:
        raise _DiedError("it cannot be spoken to")
    try:
        async with asyncio.timeout(within_s):
            asked.write(frame)
            await asked.drain()
            answer = await answers.read(len(ALIVE))
    except TimeoutError as error:
        raise _DiedError("it does not answer") from error
    except ConnectionError as error:
        raise _DiedError("it has ended") from error
    if answer != ALIVE:
        raise _DiedError("it has ended")
