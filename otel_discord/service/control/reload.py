"""``reload``: as SIGHUP, but whoever asks hears what came of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

from otel_discord.service.control.command import Command
from otel_discord.service.reload_result import ReloadResult


def reload(take_over: Callable[[str], Awaitable[ReloadResult]]) -> Command:
    """Return the command; its answer is one line, the fields of :class:`ReloadResult`."""

    async def run(_: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        yield asdict(await take_over("the control socket"))

    return Command("reload", run)
