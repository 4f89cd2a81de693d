"""What surrounds the components of a running service: the control socket, the service manager, the watch on files.

All of it is open before the first component and until after the last one; none of it ends the service.
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from otel_discord import __version__
from otel_discord.component import StartError
from otel_discord.config.sources import fingerprint
from otel_discord.service.control.command import Command
from otel_discord.service.control.dead_letters import dead_letter_commands
from otel_discord.service.control.endpoint import control_endpoint
from otel_discord.service.control.front_desk import check_online, send_test
from otel_discord.service.control.maintenance import maintenance_commands
from otel_discord.service.control.overview import overview
from otel_discord.service.control.reload import reload
from otel_discord.service.control.server import KEY_PATH, ControlSocket
from otel_discord.service.control.silences import silence_commands
from otel_discord.service.control.status import status
from otel_discord.service.open_files import warn_of_few_files
from otel_discord.service.run import Phase, Runtime
from otel_discord.service.systemd import ServiceManager, service_manager
from otel_discord.service.watch import watch_files

_logger = logging.getLogger("otel_discord.service")


@asynccontextmanager
async def surroundings(runtime: Runtime) -> AsyncIterator[None]:
    """Hold everything around the components open.

    Raises:
        StartError: the control socket cannot be opened.
    """
    warn_of_few_files()
    manager = service_manager(os.environ)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_told(manager, runtime))
        endpoint = control_endpoint(runtime.configuration)
        if endpoint is not None:
            await stack.enter_async_context(_controlled(endpoint, runtime))
        await stack.enter_async_context(_watched(runtime))
        yield


# ------------------------------------------------------------------------------------------------ the service manager


@asynccontextmanager
async def _told(manager: ServiceManager, runtime: Runtime) -> AsyncIterator[None]:
    def tell(phase: Phase, text: str) -> None:
        match phase:
            case Phase.READY:
                manager.ready(text)
            case Phase.RELOADING:
                manager.reloading()
            case Phase.STOPPING:
                manager.stopping(text)
            case _:
                manager.status(text or f"{phase.capitalize()}.")

    runtime.listeners.append(tell)
    runtime.host.start_watchers.append(manager.start_goes_on)
    async with manager.lifespan():
        manager.status("Starting.")
        yield


# ------------------------------------------------------------------------------------------------- the control socket


def commands(runtime: Runtime) -> Sequence[Command]:
    """Return every command that the service answers."""
    return [
        status(runtime.host, __version__, lambda: runtime.phase, time.time),
        overview(runtime.host, lambda: runtime.phase, time.time),
        reload(runtime.reload),
        check_online(runtime.components, runtime.host.seen_by),
        send_test(runtime.components),
        *dead_letter_commands(runtime.components),
        *maintenance_commands(runtime.components),
        *silence_commands(runtime.components),
    ]


@asynccontextmanager
async def _controlled(endpoint: Path, runtime: Runtime) -> AsyncIterator[None]:
    def why_not() -> str:
        return "" if runtime.phase in {Phase.READY, Phase.RELOADING} else f"the service is {runtime.phase}"

    control = ControlSocket(endpoint, commands(runtime), redact=runtime.redactor, why_not=why_not)

    def look(phase: Phase, _: str) -> None:
        if phase is not Phase.READY:
            return
        try:
            control.listen()
        except StartError as error:
            _logger.warning("no control socket: %s", error)
        wanted = control_endpoint(runtime.configuration)
        if wanted != endpoint:
            _logger.warning("%s: the socket stays at %s until the service starts again", KEY_PATH, endpoint)

    runtime.listeners.append(look)
    async with control.lifespan():
        yield


# ------------------------------------------------------------------------------------------------- the watch on files


@asynccontextmanager
async def _watched(runtime: Runtime) -> AsyncIterator[None]:
    """Reload when files change, from the first READY on that finds it switched on.

    What a reload has read meanwhile, as SIGHUP right after the change does, is not read once more.
    """
    switched_on = asyncio.Event()
    at_rest = asyncio.Event()

    def files() -> Mapping[Path, bytes]:
        return runtime.configuration.files if runtime.configuration.service.reload.on_file_change else {}

    def look(phase: Phase, _: str) -> None:
        if phase is Phase.READY and files():
            switched_on.set()
        if phase is Phase.RELOADING:
            at_rest.clear()
        else:
            at_rest.set()

    def is_in_force() -> bool:
        read, reloads = files(), runtime.host.reloads
        return fingerprint(read) == read and (not reloads or reloads[0].successful)

    async def changed() -> None:
        await at_rest.wait()  # each reload ends by itself
        if await asyncio.to_thread(is_in_force):
            return
        await runtime.reload("the configuration's files have changed")

    async def watch() -> None:
        await switched_on.wait()
        try:
            await watch_files(files, changed)
        except Exception:
            _logger.exception("the configuration's files are not watched any more; SIGHUP reloads as ever")

    runtime.listeners.append(look)
    task = asyncio.create_task(watch(), name="configuration watch")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
