"""What the front desk asks of exporters: of a running service over its socket, else of exporters made for it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from otel_discord.component import (
    Component,
    Host,
    KeepsState,
    Kind,
    OnlineCheck,
    OnlineResult,
    StartError,
    Storage,
    TestResult,
)
from otel_discord.service.blueprint import pipeline_members
from otel_discord.service.build import build_exporter, build_extension
from otel_discord.service.config_file import Configuration
from otel_discord.service.control.client import ControlError, NotRunningError, call
from otel_discord.service.control.endpoint import control_endpoint
from otel_discord.service.holder import held
from otel_discord.service.host import ServiceHost
from otel_discord.service.questions import TIMEOUT_S, look_online, send_test_message, who_sends_tests
from otel_discord.service.telemetry.redact import Redactor, secrets_in
from otel_discord.service.telemetry.self_telemetry import SelfTelemetry
from otel_discord.store.memory import MemoryStorage

ANSWER_TIMEOUT_S: Final = TIMEOUT_S + 5.0
"""Longest silence of a running service: it gives an exporter TIMEOUT_S."""

R = TypeVar("R")

_logger = logging.getLogger("otel_discord.service")


@dataclass(frozen=True, slots=True)
class Report(Generic[R]):
    """Results, and what else a person should know about how they came to be."""

    results: Sequence[R]
    notes: Sequence[str] = ()


# ------------------------------------------------------------------------------------------------- the online check


async def check_online(configuration: Configuration, *, version: str) -> Report[OnlineResult]:
    """Ask every exporter in use that can look at its far side.

    The addresses are those of this configuration, and each is asked once: a running service looks at its own, so that
    one that was given up and answers again is used again, and what it found is taken over; what the service does not
    have is asked here. A stopped one's storage is opened for the same end.

    Raises:
        StartError: an exporter cannot be made.
    """
    telemetry, redactor = _quiet_telemetry(configuration, version)
    exporters = _exporters(configuration, telemetry)
    running, notes = await _running_service_looks(configuration)
    async with AsyncExitStack() as stack:
        host: ServiceHost | None = None
        if running is None and not notes and any(isinstance(each, OnlineCheck) for each in exporters.values()):
            try:
                host = await stack.enter_async_context(_storages(configuration, telemetry))
            except StartError as error:
                notes = [f"only looked: what the service keeps could not be opened: {redactor(str(error))}"]
        hosts: dict[str, Host] = {name: host.seen_by(name) for name in exporters} if host else {}
        found = [
            replace(result, text=redactor(result.text)) async for result in look_online(exporters, hosts, running or ())
        ]
    taken = {(result.name, result.fingerprint) for result in found}
    others = [each for each in running or () if (each.name, each.fingerprint) not in taken]
    notes += [
        f"only the running service has this address of {each.name}: {each.text}"
        if each.fingerprint
        else f"the running service did not look at {each.name}: {each.text}"
        for each in others
    ]
    return Report(found, notes)


async def _running_service_looks(configuration: Configuration) -> tuple[list[OnlineResult] | None, list[str]]:
    """Return what the running service sees, None where there is none, and why it could not be asked."""
    endpoint = control_endpoint(configuration)
    if endpoint is None:
        return None, []
    try:
        lines = await _ask(endpoint, "check-online", {})
    except NotRunningError:
        return None, []
    except ControlError as error:
        return None, [f"the running service did not look: {error}"]
    return [OnlineResult(line["name"], line["ok"], line["text"], line.get("fingerprint", "")) for line in lines], []


@asynccontextmanager
async def _storages(configuration: Configuration, telemetry: SelfTelemetry) -> AsyncIterator[ServiceHost | None]:
    """Open the storage that a stopped service has left; None where there is none.

    Raises:
        StartError: it cannot be opened, as when another process has it.
    """
    left = {
        name: storage
        for name, storage in _storage_extensions(configuration, telemetry).items()
        if _has_left_something(configuration, name)
    }
    if not left:
        yield None
        return
    host = ServiceHost(pipeline_members(configuration))
    async with AsyncExitStack() as stack:
        for name, storage in left.items():
            await stack.enter_async_context(held(storage, f"{Kind.EXTENSION}:{name}", host, _logger))
            host.add_extension(name, storage)
        try:
            yield host
        finally:
            host.begin_drain(asyncio.get_running_loop().time() + configuration.service.shutdown_timeout)


def _storage_extensions(configuration: Configuration, telemetry: SelfTelemetry) -> dict[str, Component]:
    configured = configuration.components[Kind.EXTENSION]
    made = {str(each): build_extension(configured[each], telemetry) for each in configuration.extensions}
    return {name: extension for name, extension in made.items() if isinstance(extension, Storage)}


def _has_left_something(configuration: Configuration, extension: str) -> bool:
    """Return whether there may be anything: a storage is not created by somebody who only looks."""
    configured = configuration.components[Kind.EXTENSION]
    config = next(each.config for name, each in configured.items() if str(name) == extension)
    return not isinstance(config, KeepsState) or config.state_directory.is_dir()


# ------------------------------------------------------------------------------------------------- the test message


async def send_test(
    configuration: Configuration, *, version: str, exporter_id: str, destination: str | None
) -> Report[TestResult]:
    """Send a message marked as a test: through the running service, else through an exporter opened for it.

    A running service has the limits that it has learnt, and nobody else's sending beside it. An exporter that is
    opened for the test gets an empty queue in memory: what waits in the storage is not touched.

    Raises:
        StartError: there is no such exporter, it cannot start, or the running service refuses.
    """
    endpoint = control_endpoint(configuration)
    if endpoint is not None:
        arguments = {"exporter": exporter_id, "destination": destination}
        try:
            lines = await _ask(endpoint, "send-test", arguments)
        except ControlError as error:
            raise StartError(f"the running service sent no test: {error}") from None
        except NotRunningError:
            pass
        else:
            return Report([TestResult(**line) for line in lines], ["sent by the running service"])
    telemetry, redactor = _quiet_telemetry(configuration, version)
    name, exporter = who_sends_tests(_exporters(configuration, telemetry), exporter_id)
    host = ServiceHost(pipeline_members(configuration))
    for storage in _storage_extensions(configuration, telemetry):
        host.add_extension(storage, MemoryStorage())
    async with held(exporter, name, host, _logger):  # type: ignore[arg-type]  # every exporter is a component
        try:
            results = await send_test_message(exporter, destination)
        finally:
            host.begin_drain(asyncio.get_running_loop().time() + configuration.service.shutdown_timeout)
    return Report([TestResult(each.destination, each.ok, redactor(each.text), each.link) for each in results])


# ------------------------------------------------------------------------------------------------------------ both


async def _ask(endpoint: Path, name: str, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    return await asyncio.to_thread(lambda: list(call(endpoint, name, arguments, timeout_s=ANSWER_TIMEOUT_S)))


def _exporters(configuration: Configuration, telemetry: SelfTelemetry) -> dict[str, Component]:
    """Make each exporter that a pipeline uses."""
    used = dict.fromkeys(each for p in configuration.plan.pipelines.values() for each in p.exporters)
    configured = configuration.components[Kind.EXPORTER]
    return {
        f"{Kind.EXPORTER}:{each}": build_exporter(configured[each], telemetry) for each in used if each in configured
    }


def _quiet_telemetry(configuration: Configuration, version: str) -> tuple[SelfTelemetry, Redactor]:
    redactor = Redactor()
    redactor.add(secrets_in([each.config for kind in configuration.components.values() for each in kind.values()]))
    return SelfTelemetry(configuration.service.telemetry, version=version, redactor=redactor), redactor
