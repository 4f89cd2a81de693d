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


@asynccontextmanager
async def held(component: Component, name: str, host: ServiceHost, logger: logging.Logger) -> AsyncIterator[None]:
    """Open a component, and close it on leaving, by ``host.drain_deadline_s`` or little later.

    What goes wrong while it closes is logged and noted in ``host.failures``; it does not keep others from closing.

    Raises:
        StartError: on entering, with the component's name; nothing of it is left open then.
    """
    started = asyncio.Event()
    stop = asyncio.Event()
    task = asyncio.create_task(_live(component, name, host, started, stop), name=name)
    try:
        await _until_started(task, started)
    except BaseException as error:
        await _end(task)
        if isinstance(error, Exception):
            raise StartError(f"{name}: {describe(error)}") from error
        raise
    host.report_status(Status.OK, name)
    try:
        yield
    finally:
        stop.set()
        await _close(task, name, host, logger)


async def _live(
    component: Component, name: str, host: ServiceHost, started: asyncio.Event, stop: asyncio.Event
) -> None:
    host.report_status(Status.STARTING, name)
    try:
        async with component.lifespan(host.seen_by(name)):
            started.set()
            await stop.wait()
            host.report_status(Status.STOPPING, name)
    except BaseException as error:  # also a cancellation that the component brought upon itself
        if started.is_set() and not stop.is_set():
            host.report_status(Status.FATAL, name, describe(error))
        raise
    host.report_status(Status.STOPPED, name)


async def _until_started(task: asyncio.Task[None], started: asyncio.Event) -> None:
    waiter = asyncio.create_task(started.wait())
    try:
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()
        await asyncio.wait({waiter})
    if task.done():
        task.result()
        raise StartError("ended while it was starting")


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it is over; what it says then is no news."""
    task.cancel()
    await asyncio.wait({task}, timeout=GRACE_S)


async def _close(task: asyncio.Task[None], name: str, host: ServiceHost, logger: logging.Logger) -> None:
    deadline_s = host.drain_deadline_s
    loop = asyncio.get_running_loop()
    patience_s = GRACE_S + (max(0.0, deadline_s - loop.time()) if deadline_s is not None else 0.0)
    try:
        await asyncio.wait({task}, timeout=patience_s)
    finally:
        overdue = not task.done()
        if overdue:
            await _end(task)
    error = None if overdue or task.cancelled() else task.exception()
    if overdue or error is not None:
        failure = f"{name} did not close in time" if error is None else f"{name}: {describe(error)}"
        logger.error("%s", failure)
        host.failures.append(failure)


def describe(error: BaseException) -> str:
    """Return one line about an error: of a group, its members; of a foreign error, also its type."""
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(dict.fromkeys(describe(each) for each in error.exceptions))
    if isinstance(error, StartError):
        return str(error)
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
