"""``overview``: everything that ``otel-discord top`` shows, in one document, at any time of the service's life."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from otel_discord.component import ComponentError, Kind
from otel_discord.component.maintenance import KeepsMaintenance
from otel_discord.component.service_view import ServiceView
from otel_discord.component.silences import KeepsSilences
from otel_discord.service.control.command import Command
from otel_discord.service.control.overview_document import Muted, overview_document

ANSWER_TIMEOUT_S: Final = 2.0
"""For the silences and windows of all exporters; whose are not there by then are left out."""
P = TypeVar("P")
T = TypeVar("T")


def overview(view: ServiceView, phase: Callable[[], str], now_unix_s: Callable[[], float]) -> Command:
    """Return the command; its answer is one line, :func:`overview_document`."""

    async def run(_: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        muted = await muted_by(view)
        yield overview_document(view, muted, phase=phase(), pid=os.getpid(), now_unix_s=now_unix_s())

    return Command("overview", run, at_any_time=True)


async def muted_by(view: ServiceView) -> Muted:
    """Return the silences and maintenance windows of every exporter that can say so now."""
    silences, windows = await asyncio.gather(
        _of_each(view, KeepsSilences, lambda each: each.silences()),
        _of_each(view, KeepsMaintenance, lambda each: each.maintenance_windows()),
    )
    return Muted(silences, windows)


async def _of_each(view: ServiceView, protocol: type[P], ask: Callable[[P], Awaitable[T]]) -> dict[str, T]:
    prefix = f"{Kind.EXPORTER}:"
    answers: dict[str, T] = {}
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            for name, component in view.open_components().items():
                if name.startswith(prefix) and isinstance(component, protocol):
                    try:
                        answers[name.removeprefix(prefix)] = await ask(component)
                    except ComponentError:  # it is not running, and so has nothing to say
                        continue
    except TimeoutError:
        pass
    return answers
