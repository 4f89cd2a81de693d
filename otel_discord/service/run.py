"""The service's life from a checked configuration to its exit code: telemetry, components, signals."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from typing import Final

from otel_discord.component import StartError
from otel_discord.service.build import build, pipeline_members
from otel_discord.service.config_file import Configuration
from otel_discord.service.freed_memory import keep_freed_memory
from otel_discord.service.garbage import begin_collecting
from otel_discord.service.host import ServiceHost
from otel_discord.service.lifecycle import bound_endpoints, running
from otel_discord.service.telemetry.logs import process_logging
from otel_discord.service.telemetry.redact import Redactor, secrets_in
from otel_discord.service.telemetry.self_telemetry import SelfTelemetry

START_TIMEOUT_S: Final = 60.0
READY: Final = "Everything is ready."

_logger = logging.getLogger("otel_discord.service")


async def run_service(configuration: Configuration, *, version: str, force_exit: Callable[[], None]) -> int:
    """Run until SIGINT or SIGTERM, then drain; return 0, or 1 where something failed.

    ``force_exit`` is called on a second signal and is expected not to return.

    Raises:
        StartError: the service cannot start; nothing is left open.
    """
    keep_freed_memory()
    redactor = Redactor()
    redactor.add(secrets_in([each.config for kind in configuration.components.values() for each in kind.values()]))
    redactor.add(secrets_in(configuration.service))
    with process_logging(configuration.service.telemetry.logs, redactor):
        telemetry = SelfTelemetry(configuration.service.telemetry, version=version, redactor=redactor)
        stop = StopSignals(force_exit)
        with stop.installed():
            _logger.info("Starting otel-discord %s", version)
            host = ServiceHost(pipeline_members(configuration))
            async with AsyncExitStack() as stack:
                if not await stop.unless_stopped(_open(stack, configuration, telemetry, host)):
                    _logger.info("Stopped while starting.")
                    return 0
                begin_collecting()
                await _until_over(stop.asked, host)
                _logger.info("Shutting down, for at most %g s.", configuration.service.shutdown_timeout)
            return _exit_code(host)


async def _open(
    stack: AsyncExitStack, configuration: Configuration, telemetry: SelfTelemetry, host: ServiceHost
) -> None:
    await stack.enter_async_context(telemetry.lifespan())
    built = build(configuration, telemetry)
    await stack.enter_async_context(running(built, host, _logger, configuration.service.shutdown_timeout))
    telemetry.instruments.reloaded(successful=True)
    _logger.info("%s%s", READY, _listening({**bound_endpoints(built), **_own(telemetry)}))


def _own(telemetry: SelfTelemetry) -> dict[str, str]:
    return {f"metrics {name}": address for name, address in telemetry.endpoints.items()}


def _listening(endpoints: Mapping[str, str]) -> str:
    where = ", ".join(f"{name} on {address}" for name, address in endpoints.items())
    return f" Listening: {where}" if where else ""


async def _until_over(asked: asyncio.Event, host: ServiceHost) -> None:
    waits = [asyncio.create_task(asked.wait()), asyncio.create_task(host.fatal.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.wait(waits)


def _exit_code(host: ServiceHost) -> int:
    if host.fatal.is_set():
        _logger.error("Ended by a component that cannot go on: %s", host.fatal_error)
        return 1
    if host.failures:
        _logger.error("Shutdown incomplete: %s", "; ".join(host.failures))
        return 1
    _logger.info("Shutdown complete.")
    return 0


class StopSignals:
    """SIGINT and SIGTERM: the first asks for an orderly end, also of a start; the second ends the process at once."""

    def __init__(self, force_exit: Callable[[], None]) -> None:
        self.asked = asyncio.Event()
        self._force_exit = force_exit
        self._starting: asyncio.Timeout | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Listen for signals while the block runs. SIGHUP is heard and changes nothing yet."""
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
            StartError: it failed, or took longer than START_TIMEOUT_S.
        """
        try:
            async with asyncio.timeout(START_TIMEOUT_S) as self._starting:
                await start
        except TimeoutError:
            if self.asked.is_set():
                return False
            raise StartError(f"the service did not start within {START_TIMEOUT_S:g} s") from None
        finally:
            self._starting = None
        return True

    def _on_stop(self, number: signal.Signals) -> None:
        if self.asked.is_set():
            _logger.warning("%s again: exiting at once.", number.name)
            self._force_exit()
            return
        _logger.info("%s received.", number.name)
        self.asked.set()
        if self._starting is not None:
            self._starting.reschedule(asyncio.get_running_loop().time())

    def _on_hangup(self) -> None:
        _logger.warning("SIGHUP received: reloading comes with a later version; the configuration stays as it is.")
