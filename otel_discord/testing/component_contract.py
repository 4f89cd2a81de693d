"""What every component must do with its lifetime: start, stop, never start, fail to start, be cancelled.

Each check makes its own component and leaves nothing behind: no task, no open lifetime.
"""

import asyncio
import inspect
from collections.abc import Callable

from otel_discord.component.component import Component
from otel_discord.component.errors import ComponentError, StartError
from otel_discord.component.host import Host, Status
from otel_discord.testing.expect import raises, within
from otel_discord.testing.host import NopHost
from otel_discord.testing.leaks import no_leaked_tasks
from otel_discord.testing.otlp import logs_batch

MakeComponent = Callable[[], Component]
"""Makes a component that is not started; called once for each check."""


async def check_component(
    make: MakeComponent, *, host: Callable[[], Host] = NopHost, patience_s: float = 10.0, drain_s: float = 5.0
) -> None:
    """Run every check that needs no component which fails.

    Raises:
        AssertionError: says which promise was not kept.
    """
    await check_never_started(make)
    await check_start_and_stop(make, host=host, patience_s=patience_s, drain_s=drain_s)
    await check_start_and_stop(make, host=host, patience_s=patience_s, drain_s=drain_s)
    await check_cancelled(make, host=host, patience_s=patience_s)
    if inspect.iscoroutinefunction(getattr(make(), "consume", None)):
        await check_refuses_when_not_running(make, host=host, patience_s=patience_s)


async def check_never_started(make: MakeComponent) -> None:
    """Check that a component costs nothing before its lifetime is entered, nor by naming it."""
    async with no_leaked_tasks():
        component = make()
        if not isinstance(component, Component):
            raise AssertionError("lifespan(host) is missing")
        del component


async def check_start_and_stop(
    make: MakeComponent, *, host: Callable[[], Host] = NopHost, patience_s: float = 10.0, drain_s: float = 5.0
) -> None:
    """Check that a component starts, and stops within the deadline that its host sets; no task stays."""
    async with no_leaked_tasks():
        house = host()
        lifetime = make().lifespan(house)
        await within(patience_s, lifetime.__aenter__(), "starting")
        await asyncio.sleep(0)
        if isinstance(house, NopHost):
            house.drain_deadline_s = asyncio.get_running_loop().time() + drain_s
        await within(drain_s + patience_s, lifetime.__aexit__(None, None, None), "stopping")
        if isinstance(house, NopHost) and {Status.FATAL, Status.PERMANENT} & set(house.statuses):
            raise AssertionError(f"a healthy run reported {house.events}")


async def check_cancelled(make: MakeComponent, *, host: Callable[[], Host] = NopHost, patience_s: float = 10.0) -> None:
    """Check that cancelling the task that runs a component ends it, and that the cancellation is not swallowed."""

    async def live() -> None:
        async with make().lifespan(host()):
            started.set()
            await asyncio.Event().wait()

    async with no_leaked_tasks():
        started = asyncio.Event()
        task = asyncio.ensure_future(live())
        waiter = asyncio.ensure_future(started.wait())
        await asyncio.wait([task, waiter], timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
        task.cancel()
        await asyncio.wait([task, waiter], timeout=patience_s)
        if not task.done():
            raise AssertionError(f"a cancelled component still runs after {patience_s} s")
        if not task.cancelled():
            raise AssertionError(f"the cancellation was swallowed, or starting failed: {task.exception()!r}")


async def check_refuses_when_not_running(
    make: MakeComponent, *, host: Callable[[], Host] = NopHost, patience_s: float = 10.0
) -> None:
    """Check that a consumer answers with a ComponentError, at once, after it was stopped."""
    component = make()
    async with no_leaked_tasks():
        async with component.lifespan(host()):
            pass
        with raises(ComponentError):
            await within(patience_s, component.consume(logs_batch()), "refusing")  # type: ignore[attr-defined]  # who has no consume is not asked


async def check_failed_start(
    make_failing: MakeComponent, *, host: Callable[[], Host] = NopHost, patience_s: float = 10.0
) -> str:
    """Check that a component which cannot start raises a StartError and leaves no task; return its message."""
    async with no_leaked_tasks():
        lifetime = make_failing().lifespan(host())
        try:
            await within(patience_s, lifetime.__aenter__(), "failing to start")
        except StartError as error:
            return str(error)
        await lifetime.__aexit__(None, None, None)
        raise AssertionError("it started")
