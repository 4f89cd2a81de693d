"""``check-online`` and ``send-test``: the front desk's questions, answered by the exporters that are running."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict
from typing import Any

from otel_discord.component import Host
from otel_discord.service.control.command import Command, OpenComponents, RefusedError
from otel_discord.service.questions import look_online, send_test_message, who_sends_tests


def check_online(components: OpenComponents, host_of: Callable[[str], Host]) -> Command:
    """Return the command: a line for each address, ``{"name", "ok", "text", "fingerprint"}``."""

    async def run(_: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        found = components()
        async for result in look_online(found, {name: host_of(name) for name in found}):
            yield asdict(result)

    return Command("check-online", run)


def send_test(components: OpenComponents) -> Command:
    """Return the command: arguments ``exporter`` and ``destination``, both may be missing; a line for each message."""

    async def run(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        exporter_id, destination = arguments.get("exporter") or "", arguments.get("destination")
        if not isinstance(exporter_id, str) or not isinstance(destination, str | None):
            raise RefusedError("exporter and destination are text")
        _, exporter = who_sends_tests(components(), exporter_id)
        for result in await send_test_message(exporter, destination):
            yield asdict(result)

    return Command("send-test", run)
