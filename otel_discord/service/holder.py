"""Holds one open component: its whole lifetime happens in one task of its own, which is always awaited.

So a component that breaks harms no other one: the rest is closed in order, with time to finish.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from otel_discord.component import Component, StartError, Status
from otel_discord.service.host import ServiceHost

GRACE_S: Final = 1.0
"""What a component gets beyond the drain deadline before it is cancelled, and again after that to obey."""


class Held:
    """One component under its name. It is opened once and closed once."""

    def __init__(self, component: Component, name: str, host: ServiceHost, logger: logging.Logger) -> None:
        self.component = component
        self.name = name
        self.host = host.seen_by(name)
        """The house as this instance sees it."""
        self._board = host
        self._logger = logger
        self._started = asyncio.Event()
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self, *, succeeds: bool = False) -> None:
        """Open the component. With ``succeeds`` its predecessor's status holds until it is open.

        Raises:
            StartError: with the component's name; nothing of it is left open then.
        """
        if not succeeds:
            self.host.report_status(Status.STARTING)
        task = self._task = asyncio.create_task(self._live(), name=self.name)
        try:
            await self._until_started(task)
        except BaseException as error:
            await _end(task)
            if isinstance(error, Exception):
                raise StartError(f"{self.name}: {describe(error)}") from error
            raise
        if succeeds:
            self._board.forget_status(self.name)
        self.host.report_status(Status.OK)

    async def close(self, *, deadline_s: float | None = None, hands_over: bool = False) -> str:
        """Close the component by ``deadline_s`` (loop time) or by the service's deadline, or little later.

        Returns what went wrong, which is logged, or "".
        """
        if self._task is None:
            return ""
        self.host.begin_close(deadline_s, hands_over=hands_over)
        if hands_over:
            self.host.fall_silent()
        self._stop.set()
        task = self._task
        try:
            await self._until_closed(task)
        finally:
            overdue = not task.done()
            if overdue:
                await _end(task)
        error = None if overdue or task.cancelled() else task.exception()
        if not overdue and error is None:
            return ""
        failure = f"{self.name} did not close in time" if error is None else f"{self.name}: {describe(error)}"
        self._logger.error("%s", failure)
        return failure

    async def _live(self) -> None:
        try:
            async with self.component.lifespan(self.host):
                self._started.set()
                await self._stop.wait()
                self.host.report_status(Status.STOPPING)
        except BaseException as error:  # also a cancellation that the component brought upon itself
            if self._started.is_set() and not self._stop.is_set():
                self.host.report_status(Status.FATAL, error=describe(error))
            raise
        self.host.report_status(Status.STOPPED)

    async def _until_started(self, task: asyncio.Task[None]) -> None:
        waiter = asyncio.create_task(self._started.wait())
        try:
            await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
            await asyncio.wait({waiter})
        if task.done():
            task.result()
            raise StartError("ended while it was starting")

    async def _until_closed(self, task: asyncio.Task[None]) -> None:
        """Wait for the end. The service's own deadline may come to be while we wait, so it is looked at each second."""
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        while not task.done():
            deadline_s = self.host.drain_deadline_s
            left_s = GRACE_S + max(deadline_s if deadline_s is not None else begun_s, begun_s) - loop.time()
            if left_s <= 0:
                return
            await asyncio.wait({task}, timeout=min(left_s, 1.0))


@asynccontextmanager
async def held(component: Component, name: str, host: ServiceHost, logger: logging.Logger) -> AsyncIterator[None]:
    """Open a component, and close it on leaving, by ``host.drain_deadline_s`` or little later.

    What goes wrong while it closes is logged and noted in ``host.failures``; it does not keep others from closing.

    Raises:
        StartError: on entering, with the component's name; nothing of it is left open then.
    """
    one = Held(component, name, host, logger)
    await one.open()
    try:
        yield
    finally:
        if failure := await one.close():
            host.failures.append(failure)


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it is over; what it says then is no news."""
    task.cancel()
    await asyncio.wait({task}, timeout=GRACE_S)


def describe(error: BaseException) -> str:
    """Return one line about an error: of a group, its members; of a foreign error, also its type."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(dict.fromkeys(describe(each) for each in error.exceptions))
    if isinstance(error, StartError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
