"""Maintenance windows of a running service over its control socket: ``maintenance/start``, ``/end``, ``/list``."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from otel_discord.component.maintenance import KeepsMaintenance, MaintenanceRequest
from otel_discord.service.control.asked_exporters import of_each, text, texts
from otel_discord.service.control.command import Command, OpenComponents, RefusedError

PREFIX: Final = "maintenance/"
LONGEST_S: Final = 366 * 86_400.0
MAX_NAME_CHARS: Final = 80
T = TypeVar("T")


def maintenance_commands(components: OpenComponents) -> list[Command]:
    """Return the commands; each takes ``exporter`` (its id; empty: every one) and answers a line for each window."""

    async def asked(
        arguments: Mapping[str, Any], do: Callable[[KeepsMaintenance], Awaitable[T]]
    ) -> list[tuple[str, T]]:
        return await of_each(components(), arguments, KeepsMaintenance, "maintenance", do)

    async def start(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        request = _request(arguments)
        for name, window in await asked(arguments, lambda each: each.start_maintenance(request)):
            yield {"exporter": name, **window.to_json()}

    async def end(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        wanted = text(arguments, "name")
        for name, window in await asked(arguments, lambda each: each.end_maintenance(wanted)):
            yield {"exporter": name, **window.to_json()}

    async def windows(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        for name, found in await asked(arguments, lambda each: each.maintenance_windows()):
            for window in found:
                yield {"exporter": name, **window.to_json()}

    return [Command(f"{PREFIX}{verb}", run) for verb, run in (("start", start), ("end", end), ("list", windows))]


def _request(arguments: Mapping[str, Any]) -> MaintenanceRequest:
    name, for_s = text(arguments, "name"), arguments.get("for_s")
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        raise RefusedError(f"a name has 1 to {MAX_NAME_CHARS} characters")
    if isinstance(for_s, bool) or not isinstance(for_s, (int, float)) or not 1 <= for_s <= LONGEST_S:
        raise RefusedError("for_s is not a number of seconds from 1 to a year")
    return MaintenanceRequest(
        name=name,
        for_s=float(for_s),
        matchers=texts(arguments, "matchers"),
        conditions=texts(arguments, "conditions"),
        action=text(arguments, "action"),
        destinations=texts(arguments, "destinations"),
        critical=bool(arguments.get("critical")),
        comment=text(arguments, "comment")[:500],
        author=text(arguments, "author")[:100],
    )
