"""The service's life from a checked configuration to its exit code: telemetry, components, signals."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from enum import StrEnum
from typing import Final

from otel_discord.component import Component
from otel_discord.service.blueprint import pipeline_members
from otel_discord.service.config_file import Configuration
from otel_discord.service.freed_memory import keep_freed_memory
from otel_discord.service.garbage import begin_collecting
from otel_discord.service.host import ServiceHost
from otel_discord.service.house import House
from otel_discord.service.lifecycle import Bounds, Lifecycle
from otel_discord.service.process_signals import ProcessSignals
from otel_discord.service.redacted_config import redacted_yaml
from otel_discord.service.reload import Reload, learn_secrets
from otel_discord.service.reload_notes import ReloadNotes
from otel_discord.service.reload_requests import ReloadRequests
from otel_discord.service.reload_result import ReloadResult
from otel_discord.service.reload_source import loaded
from otel_discord.service.shown import Shown, shown_wires
from otel_discord.service.telemetry.logs import process_logging
from otel_discord.service.telemetry.redact import Redactor
from otel_discord.service.telemetry.self_telemetry import SelfTelemetry

READY: Final = "Everything is ready."

_logger = logging.getLogger("otel_discord.service")


class Phase(StrEnum):
    """Where the service stands, in the order of its life; RELOADING ends in READY again."""

    STARTING = "starting"
    READY = "ready"
    RELOADING = "reloading"
    STOPPING = "stopping"
    STOPPED = "stopped"


class Runtime:
    """The running service, for what surrounds it: the control socket, the service manager, the watch on files."""

    def __init__(
        self,
        configuration: Configuration,
        telemetry: SelfTelemetry,
        redactor: Redactor,
        load: Callable[[], Configuration] | None,
        version: str,
    ) -> None:
        self.redactor = redactor
        self.telemetry = telemetry
        self.host = ServiceHost(pipeline_members(configuration))
        self.phase = Phase.STARTING
        self.listeners: list[Callable[[Phase, str], None]] = []
        """Called at once on each change of phase, with a line for a person. They must not block or raise."""
        self._configuration = configuration
        self._load = load
        self._house = House(self.host, telemetry, _logger)
        self._lifecycle = Lifecycle(self._house)
        self.host.start_watchers.append(self._lifecycle.start_goes_on)
        self._reload: Reload | None = None
        self._requests = ReloadRequests(self._reload_once)
        self._ready_text = ""
        self._notes = ReloadNotes(redactor)
        self._redacted: tuple[Configuration | None, str] = (None, "")
        self.host.shown = Shown(
            version=version,
            readings=telemetry.readings,
            components=self.components,
            configuration=self._redacted_yaml,
            reloads=self._notes.newest_first,
            redact=redactor,
        )

    @property
    def configuration(self) -> Configuration:
        """The one in force; another one after a reload."""
        return self._reload.configuration if self._reload is not None else self._configuration

    def enter(self, phase: Phase, text: str) -> None:
        """Change the phase and tell the listeners."""
        self.phase = phase
        for listener in self.listeners:
            listener(phase, text)

    def components(self) -> Mapping[str, Component]:
        """Return every component that is open, by name (``exporter:discord/ops``)."""
        return self._house.components()

    def request_reload(self, reason: str) -> None:
        """Ask for a reload; what is asked for while one runs is at most one more."""
        self._requests.request(reason)

    async def reload(self, reason: str) -> ReloadResult:
        """Read the configuration anew and take it over; return once a reload that began after this call is over."""
        return await self._requests.result(reason)

    async def open(self, stack: AsyncExitStack) -> None:
        """Open telemetry and every component on the stack, and hear requests to reload from then on.

        Raises:
            StartError: something cannot start.
        """
        await stack.enter_async_context(self.telemetry.lifespan())
        now = loaded(self._configuration)
        self.host.wires = shown_wires(now.blueprint)
        await stack.enter_async_context(self._house.lifespan(lambda: self.configuration.service.shutdown_timeout))
        await self._lifecycle.change_to(now.blueprint, Bounds())
        self.host.ready = True
        if self._load is not None:
            self._reload = Reload(now, self._house, self._lifecycle, self.redactor, self._load)
        await stack.enter_async_context(self._hearing_requests())
        self.telemetry.instruments.reloaded(successful=True)
        self._ready_text = f"{READY}{_listening({**self._house.endpoints(), **_own(self.telemetry)})}"
        _logger.info("%s", self._ready_text)
        self.enter(Phase.READY, self._ready_text)

    def begin_drain(self, text: str) -> None:
        """Begin the orderly end: from now on its time runs, for a reload that is under way as well."""
        timeout_s = self.configuration.service.shutdown_timeout
        self.host.begin_drain(asyncio.get_running_loop().time() + timeout_s)
        self.enter(Phase.STOPPING, text)

    @asynccontextmanager
    async def _hearing_requests(self) -> AsyncIterator[None]:
        hearing = asyncio.create_task(self._requests.run(), name="reloads")
        try:
            yield
        finally:
            self._requests.stop()
            if self._reload is not None:
                self._reload.interrupt()
            await asyncio.wait({hearing})
            hearing.result()  # it never fails but by a fault of ours, which must be seen

    def _redacted_yaml(self) -> str:
        """Return what is in force: of ``service``, two parts are taken over at the next start only."""
        if self._redacted[0] is not self.configuration:
            at_start = self._configuration.service
            service = self.configuration.service.model_copy(
                update={"telemetry": at_start.telemetry, "control": at_start.control}
            )
            text = self.redactor(redacted_yaml(replace(self.configuration, service=service)))
            self._redacted = (self.configuration, text)
        return self._redacted[1]

    async def _reload_once(self, reason: str) -> ReloadResult:
        result = await self._try_to_reload(reason)
        self._notes.add(result, reason, time.time())
        return result

    async def _try_to_reload(self, reason: str) -> ReloadResult:
        if self._reload is None:
            text = "cannot reload: this configuration was not read from files"
            _logger.warning("%s: %s", reason, text)
            return ReloadResult(ok=False, text=text)
        _logger.info("%s: reloading the configuration.", reason)
        self.enter(Phase.RELOADING, reason)
        result = await self._reload.run()
        if self.phase is Phase.RELOADING:  # else the end has begun meanwhile
            self.telemetry.instruments.reloaded(successful=result.ok)
            self.enter(Phase.READY, result.text)
        return result


async def run_service(
    configuration: Configuration,
    *,
    version: str,
    force_exit: Callable[[], None],
    load: Callable[[], Configuration] | None = None,
) -> int:
    """Run until SIGINT or SIGTERM, then drain; return 0, or 1 where something failed.

    ``force_exit`` is called on a second signal and is expected not to return. ``load`` reads the configuration anew
    for a reload (it raises ConfigurationError); without it there are none.

    Raises:
        StartError: the service cannot start; nothing is left open.
    """
    keep_freed_memory()
    redactor = Redactor()
    learn_secrets(redactor, configuration)
    with process_logging(configuration.service.telemetry.logs, redactor):
        telemetry = SelfTelemetry(configuration.service.telemetry, version=version, redactor=redactor)
        runtime = Runtime(configuration, telemetry, redactor, load, version)
        signals = ProcessSignals(force_exit, lambda: runtime.request_reload("SIGHUP"))
        runtime.host.start_watchers.append(signals.start_goes_on)
        with signals.installed():
            _logger.info("Starting otel-discord %s", version)
            # Outermost: what is open from before the first component until after the last one.
            async with AsyncExitStack() as around, AsyncExitStack() as stack:
                await _surround(around, runtime)
                if not await signals.unless_stopped(runtime.open(stack)):
                    _logger.info("Stopped while starting.")
                    return 0
                begin_collecting()
                await _until_over(signals.asked_to_stop, runtime.host)
                text = f"Shutting down, for at most {runtime.configuration.service.shutdown_timeout:g} s."
                _logger.info("%s", text)
                runtime.begin_drain(text)
            runtime.enter(Phase.STOPPED, "")
            return _exit_code(runtime.host)


async def _surround(around: AsyncExitStack, runtime: Runtime) -> None:
    """Open what surrounds the components; it hears of phases by ``runtime.listeners``.

    Raises:
        StartError: the control socket cannot be opened.
    """
    from otel_discord.service.surroundings import surroundings  # it knows the runtime, so it comes later

    await around.enter_async_context(surroundings(runtime))


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
