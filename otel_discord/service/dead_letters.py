"""Dead letters for the front desk: asked of the running service, else taken from where a stopped one has left them.

To look at letters, to remove or to bury them, only what holds them is opened and nothing is sent. To send them again
the exporter is opened whole: it also goes on with what else waits in its storage, as the service would.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from otel_discord.component import Component, ComponentError, KeepsState, Kind, StartError, Storage
from otel_discord.component.dead_letters import DeadLetters
from otel_discord.service.blueprint import pipeline_members
from otel_discord.service.build import build_exporter, build_extension
from otel_discord.service.config_file import Configuration
from otel_discord.service.control.client import ControlError, NotRunningError, call
from otel_discord.service.control.command import RefusedError
from otel_discord.service.control.dead_letters import PREFIX
from otel_discord.service.control.endpoint import control_endpoint
from otel_discord.service.holder import held
from otel_discord.service.host import ServiceHost
from otel_discord.service.interruption import Interruption
from otel_discord.service.letter_verbs import VERBS, Desks, letter_keepers
from otel_discord.service.telemetry.redact import Redactor, secrets_in
from otel_discord.service.telemetry.self_telemetry import SelfTelemetry

OnLine: TypeAlias = Callable[[Mapping[str, Any]], None]

SILENCE_S: Final = 30.0
"""Longest silence of a running service; a replay says something each second."""

_logger = logging.getLogger("otel_discord.service")


def answer(
    configuration: Configuration, verb: str, arguments: Mapping[str, Any], on_line: OnLine, *, version: str
) -> None:
    """Let a verb of ``letter_verbs`` be done, by the running service if there is one; ``on_line`` gets its answer.

    Raises:
        StartError: refused or failed; the message is for a person.
        KeyboardInterrupt: a signal ended it; what was on its way has come to its end, the rest is as it was.
    """
    endpoint = control_endpoint(configuration)
    if endpoint is not None and answered_by_service(endpoint, verb, arguments, on_line):
        return
    if not asyncio.run(_answer_at_rest(configuration, verb, arguments, on_line, endpoint, version=version)):
        raise KeyboardInterrupt


def answered_by_service(endpoint: Path, verb: str, arguments: Mapping[str, Any], on_line: OnLine) -> bool:
    """Let the service that listens at the endpoint answer; return False where nobody does.

    Raises:
        StartError: refused or failed; the message is for a person.
    """
    try:
        for line in call(endpoint, f"{PREFIX}{verb}", arguments, timeout_s=SILENCE_S):
            on_line(line)
    except ControlError as error:
        raise StartError(str(error)) from None
    except NotRunningError:
        return False
    return True


async def _answer_at_rest(
    configuration: Configuration,
    verb: str,
    arguments: Mapping[str, Any],
    on_line: OnLine,
    endpoint: Path | None,
    *,
    version: str,
) -> bool:
    """Return whether the answer is complete: no signal has ended it."""
    interruption = Interruption()
    sends = verb == "replay" and not arguments.get("dry_run")
    with interruption.listened_for():
        async with AsyncExitStack() as stack:
            try:
                desks = await stack.enter_async_context(_opened(configuration, version, sends=sends))
            except StartError as error:
                raise StartError(f"{error}{_hint(endpoint)}") from error
            try:
                async with interruption.ends(), aclosing(VERBS[verb](desks, arguments)) as lines:  # type: ignore[type-var]  # generators all
                    async for line in lines:
                        on_line(line)
            except (RefusedError, ComponentError) as error:
                raise StartError(str(error)) from error
            except OSError as error:
                if isinstance(error, BrokenPipeError):
                    raise
                raise StartError(f"the files of the dead letters: {error}") from error
    return not interruption.has_ended_it


def _hint(endpoint: Path | None) -> str:
    """Say what helps where a running service has the letters and could not be asked."""
    if endpoint is None:
        return " (if the service is running: set service::control::endpoint, so that it can be asked, or stop it)"
    return f" (no service answered at {endpoint}; if it is running, start this where it was started, or stop it)"


@asynccontextmanager
async def _opened(configuration: Configuration, version: str, *, sends: bool) -> AsyncIterator[Desks]:
    """Open the dead letters of every exporter in use; whole exporters where something is to be sent.

    Raises:
        StartError: something cannot be opened, as when another process has it.
    """
    redactor = Redactor()
    redactor.add(secrets_in([each.config for kind in configuration.components.values() for each in kind.values()]))
    telemetry = SelfTelemetry(configuration.service.telemetry, version=version, redactor=redactor)
    host = ServiceHost(pipeline_members(configuration))
    used = dict.fromkeys(each for pipeline in configuration.plan.pipelines.values() for each in pipeline.exporters)
    configured = configuration.components[Kind.EXPORTER]
    exporters: dict[str, Component] = {
        f"{Kind.EXPORTER}:{each}": build_exporter(configured[each], telemetry) for each in used if each in configured
    }
    keepers = letter_keepers(exporters)
    async with AsyncExitStack() as stack:
        failures = await _open_storages(configuration, telemetry, host, stack)
        desks: dict[str, DeadLetters] = {}
        for name, keeper in keepers.items():
            path = f"{Kind.EXPORTER}:{name}"
            try:
                if sends:
                    await stack.enter_async_context(held(exporters[path], path, host, _logger))
                    desks[name] = keeper.dead_letters()
                else:
                    desks[name] = await stack.enter_async_context(keeper.dead_letters_at_rest(host.seen_by(path)))
            except StartError as error:
                raise next(iter(failures), error) from None  # what it needs could not be opened
        try:
            yield desks
        finally:
            host.begin_drain(asyncio.get_running_loop().time() + configuration.service.shutdown_timeout)


async def _open_storages(
    configuration: Configuration, telemetry: SelfTelemetry, host: ServiceHost, stack: AsyncExitStack
) -> list[StartError]:
    """Open what exporters may need; return why something could not be opened, since perhaps none of them needs it."""
    failures: list[StartError] = []
    configured = configuration.components[Kind.EXTENSION]
    for each in configuration.extensions:
        extension = build_extension(configured[each], telemetry)
        if not isinstance(extension, Storage):
            continue
        config = configured[each].config
        if isinstance(config, KeepsState) and not config.state_directory.is_dir():
            missing = f"{each}: there is no {config.state_directory}: the service has not run here yet"
            failures.append(StartError(missing))
            continue
        try:
            await stack.enter_async_context(held(extension, f"{Kind.EXTENSION}:{each}", host, _logger))
        except StartError as error:
            failures.append(error)
        else:
            host.add_extension(str(each), extension)
    return failures
