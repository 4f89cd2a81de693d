"""What the front desk asks of single components, outside a running service: an online check, a test message."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from otel_discord.component import (
    Component,
    ComponentId,
    Kind,
    OnlineCheck,
    OnlineResult,
    SendTest,
    StartError,
    TestResult,
)
from otel_discord.service.build import Telemetry, build_exporter, pipeline_members
from otel_discord.service.config_file import Configuration
from otel_discord.service.holder import held
from otel_discord.service.host import ServiceHost
from otel_discord.service.telemetry.redact import Redactor, secrets_in
from otel_discord.service.telemetry.self_telemetry import SelfTelemetry

TIMEOUT_S: Final = 60.0
"""Longest time for one component's answer."""

_logger = logging.getLogger("otel_discord.service")


def _exporters(configuration: Configuration, telemetry: Telemetry) -> list[tuple[ComponentId, Component]]:
    """Make each exporter that a pipeline uses."""
    used = dict.fromkeys(each for p in configuration.plan.pipelines.values() for each in p.exporters)
    configured = configuration.components[Kind.EXPORTER]
    return [(each, build_exporter(configured[each], telemetry)) for each in used if each in configured]


def _quiet_telemetry(configuration: Configuration, version: str) -> tuple[SelfTelemetry, Redactor]:
    redactor = Redactor()
    redactor.add(secrets_in([each.config for kind in configuration.components.values() for each in kind.values()]))
    return SelfTelemetry(configuration.service.telemetry, version=version, redactor=redactor), redactor


async def check_online(configuration: Configuration, *, version: str) -> Sequence[OnlineResult]:
    """Ask every exporter in use that can look at its far side; names get the exporter's id before them.

    Raises:
        StartError: an exporter cannot be made.
    """
    telemetry, redactor = _quiet_telemetry(configuration, version)
    results: list[OnlineResult] = []
    for component_id, exporter in _exporters(configuration, telemetry):
        if not isinstance(exporter, OnlineCheck):
            continue
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answers = await exporter.check_online()
        except TimeoutError:
            answers = [OnlineResult("", ok=False, text=f"no answer within {TIMEOUT_S:g} s")]
        results += [
            OnlineResult(f"{component_id} {answer.name}".strip(), answer.ok, redactor(answer.text))
            for answer in answers
        ]
    return results


async def send_test(
    configuration: Configuration, *, version: str, exporter_id: str, destination: str | None
) -> Sequence[TestResult]:
    """Open one exporter and let it send a message marked as a test.

    Without ``exporter_id`` it is the first one in use that can.

    Raises:
        StartError: there is no such exporter, or it cannot start.
    """
    telemetry, redactor = _quiet_telemetry(configuration, version)
    able = [
        (str(each), exporter)
        for each, exporter in _exporters(configuration, telemetry)
        if isinstance(exporter, SendTest) and exporter_id in ("", str(each))
    ]
    if not able:
        which = f'exporter "{exporter_id}"' if exporter_id else "no exporter that a pipeline uses"
        raise StartError(f"{which} can{'not' if exporter_id else ''} send a test message")
    name, exporter = able[0]
    async with _opened(configuration, name, exporter), asyncio.timeout(TIMEOUT_S):
        results = await exporter.send_test(destination)
    return [TestResult(each.destination, each.ok, redactor(each.text), each.link) for each in results]


@asynccontextmanager
async def _opened(configuration: Configuration, name: str, exporter: Component) -> AsyncIterator[None]:
    host = ServiceHost(pipeline_members(configuration))
    async with held(exporter, f"{Kind.EXPORTER}:{name}", host, _logger):
        try:
            yield
        finally:
            host.begin_drain(asyncio.get_running_loop().time() + configuration.service.shutdown_timeout)
