"""``overview``: everything that ``otel-discord top`` shows, in one document, at any time of the service's life."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

from otel_discord.component import ComponentError, Kind
from otel_discord.component.maintenance import KeepsMaintenance
from otel_discord.component.service_view import ServiceView
from otel_discord.component.silences import KeepsSilences
from otel_discord.component.watched_exporter import Watched, WatchedAfar
from otel_discord.service.control.command import Command
from otel_discord.service.control.overview_document import Asked, overview_document

ANSWER_TIMEOUT_S: Final = 2.0
"""For silences, windows and what other replicas tell; what is not there by then is left out."""
P = TypeVar("P")
T = TypeVar("T")

_logger = logging.getLogger("otel_discord.service.control")


def overview(view: ServiceView, phase: Callable[[], str], now_unix_s: Callable[[], float]) -> Command:
    """Return the command; its answer is one line, :func:`overview_document`."""

    async def run(_: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        asked = await ask_exporters(view)
        yield overview_document(view, asked, phase=phase(), pid=os.getpid(), now_unix_s=now_unix_s())

    return Command("overview", run, at_any_time=True)


async def ask_exporters(view: ServiceView) -> Asked:
    """Return what every exporter says that can say something now; one that fails hides no other."""
    silences, windows, _ = await asyncio.gather(
        _of_each(view, KeepsSilences, lambda each: each.silences()),
        _of_each(view, KeepsMaintenance, lambda each: each.maintenance_windows()),
        _of_each(view, WatchedAfar, lambda each: each.look_afar()),
    )
    destinations, alerts = {}, {}
    for name, exporter in _exporters(view, Watched):
        try:
            destinations[name], alerts[name] = exporter.destination_states(), exporter.firing_alerts()
        except Exception:
            destinations.pop(name, None)
            _logger.exception("exporter %s cannot say how it fares", name)
    return Asked(destinations, alerts, silences, windows)


async def _of_each(view: ServiceView, protocol: type[P], ask: Callable[[P], Awaitable[T]]) -> dict[str, T]:
    answers: dict[str, T] = {}

    async def one(name: str, exporter: P) -> None:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                answers[name] = await ask(exporter)
        except (ComponentError, TimeoutError):  # it is not running, or nobody answers it, and so has nothing to say
            pass
        except Exception:
            _logger.exception("exporter %s cannot say what it mutes", name)

    asked = list(_exporters(view, protocol))
    await asyncio.gather(*(one(name, exporter) for name, exporter in asked))
    return {name: answers[name] for name, _ in asked if name in answers}


def _exporters(view: ServiceView, protocol: type[P]) -> Iterator[tuple[str, P]]:
    prefix = f"{Kind.EXPORTER}:"
    for name, component in view.open_components().items():
        if name.startswith(prefix) and isinstance(component, protocol):
            yield name.removeprefix(prefix), component
