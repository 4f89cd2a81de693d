"""Maintenance windows of a running service over its control socket: ``maintenance/start``, ``/end``, ``/list``."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from otel_discord.component import Component, Kind, PermanentError, RetryableError
from otel_discord.component.maintenance import KeepsMaintenance, MaintenanceRequest
from otel_discord.service.control.command import Command, OpenComponents, RefusedError

PREFIX: Final = "maintenance/"
LONGEST_S: Final = 366 * 86_400.0
MAX_TEXTS: Final = 20
MAX_NAME_CHARS: Final = 80
T = TypeVar("T")


def maintenance_commands(components: OpenComponents) -> list[Command]:
    """Return the commands; each takes ``exporter`` (its id; empty: every one) and answers a line for each window."""

    async def start(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        request = _request(arguments)
        for name, window in await _of_each(components(), arguments, lambda each: each.start_maintenance(request)):
            yield {"exporter": name, **window.to_json()}

    async def end(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        wanted = _text(arguments, "name")
        for name, window in await _of_each(components(), arguments, lambda each: each.end_maintenance(wanted)):
            yield {"exporter": name, **window.to_json()}

    async def windows(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        for name, found in await _of_each(components(), arguments, lambda each: each.maintenance_windows()):
            for window in found:
                yield {"exporter": name, **window.to_json()}

    return [Command(f"{PREFIX}{verb}", run) for verb, run in (("start", start), ("end", end), ("list", windows))]


async def _of_each(
    components: Mapping[str, Component], arguments: Mapping[str, Any], do: Callable[[KeepsMaintenance], Awaitable[T]]
) -> list[tuple[str, T]]:
    """Return what the exporters answered; those that refuse are left out unless all do.

    Raises:
        RefusedError: there is no such exporter, or each has refused.
    """
    refusals: list[str] = []
    answers: list[tuple[str, T]] = []
    for name, exporter in _keepers(components, _text(arguments, "exporter")).items():
        try:
            answers.append((name, await do(exporter)))
        except (PermanentError, RetryableError) as error:
            refusals.append(f"{name}: {error}")
    if not answers and refusals:
        raise RefusedError("; ".join(refusals))
    return answers


def _keepers(components: Mapping[str, Component], wanted: str) -> dict[str, KeepsMaintenance]:
    prefix = f"{Kind.EXPORTER}:"
    found: dict[str, KeepsMaintenance] = {
        name.removeprefix(prefix): component
        for name, component in components.items()
        if name.startswith(prefix) and isinstance(component, KeepsMaintenance)
    }
    if not found:
        raise RefusedError("no exporter of this service knows maintenance")
    if wanted and wanted not in found:
        raise RefusedError(f'no exporter "{wanted}" knows maintenance here (there are: {", ".join(found)})')
    return {wanted: found[wanted]} if wanted else found


def _request(arguments: Mapping[str, Any]) -> MaintenanceRequest:
    name, for_s = _text(arguments, "name"), arguments.get("for_s")
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        raise RefusedError(f"a name has 1 to {MAX_NAME_CHARS} characters")
    if isinstance(for_s, bool) or not isinstance(for_s, (int, float)) or not 1 <= for_s <= LONGEST_S:
        raise RefusedError("for_s is not a number of seconds from 1 to a year")
    return MaintenanceRequest(
        name=name,
        for_s=float(for_s),
        matchers=_texts(arguments, "matchers"),
        conditions=_texts(arguments, "conditions"),
        action=_text(arguments, "action"),
        destinations=_texts(arguments, "destinations"),
        critical=bool(arguments.get("critical")),
        comment=_text(arguments, "comment")[:500],
        author=_text(arguments, "author")[:100],
    )


def _text(arguments: Mapping[str, Any], name: str) -> str:
    value = arguments.get(name) or ""
    if not isinstance(value, str):
        raise RefusedError(f"{name} is not text")
    return value


def _texts(arguments: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = arguments.get(name) or []
    if not isinstance(values, list) or len(values) > MAX_TEXTS or not all(isinstance(each, str) for each in values):
        raise RefusedError(f"{name} is not a list of at most {MAX_TEXTS} texts")
    return tuple(values)
