"""SIGINT, SIGTERM and SIGHUP, as what they ask the service to do."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from otel_discord.component import StartError

START_TIMEOUT_S: Final = 60.0
"""For a start that stands still: it counts anew whenever a component says that it has come further."""

_logger = logging.getLogger("otel_discord.service")


class ProcessSignals:
    """SIGINT and SIGTERM: the first asks for an orderly end, also of a start; the second ends the process at once.

    SIGHUP calls ``on_hangup``, which returns at once.
    """

    def __init__(self, force_exit: Callable[[], None], on_hangup: Callable[[], None]) -> None:
        self.asked_to_stop = asyncio.Event()
        self._force_exit = force_exit
        self._on_hangup = on_hangup
        self._starting: asyncio.Timeout | None = None
        self._how_far = ""

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Listen for signals while the block runs."""
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, self._on_stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._on_hangup)
        try:
            yield
        finally:
            for number in (*numbers, signal.SIGHUP):
                loop.remove_signal_handler(number)

    async def unless_stopped(self, start: Awaitable[None]) -> bool:
        """Await the start; return False where a signal ended it before it was done.

        Raises:
            StartError: it failed, or did not come further for START_TIMEOUT_S.
        """
        try:
            async with asyncio.timeout(START_TIMEOUT_S) as self._starting:
                await start
        except TimeoutError:
            if self.asked_to_stop.is_set():
                return False
            if self._how_far:
                raise StartError(f"the start stands still for {START_TIMEOUT_S:g} s, after {self._how_far}") from None
            raise StartError(f"the service did not start within {START_TIMEOUT_S:g} s") from None
        finally:
            self._starting = None
        return True

    def start_goes_on(self, how_far: str) -> None:
        """Give a start that has come further its whole time again."""
        if self._starting is None or self._starting.expired() or self.asked_to_stop.is_set():
            return
        self._how_far = how_far
        self._starting.reschedule(asyncio.get_running_loop().time() + START_TIMEOUT_S)

    def _on_stop(self, number: signal.Signals) -> None:
        if self.asked_to_stop.is_set():
            _logger.warning("%s again: exiting at once.", number.name)
            self._force_exit()
            return
        _logger.info("%s received.", number.name)
        self.asked_to_stop.set()
        if self._starting is not None:
            self._starting.reschedule(asyncio.get_running_loop().time())
