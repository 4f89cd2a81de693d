"""Silences of a running service over its control socket: ``silence/add``, ``/list``, ``/expire``."""

import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

from otel_discord.component.silences import KeepsSilences, SilenceRequest
from otel_discord.component.wall_time import wall_time_ns
from otel_discord.service.control.asked_exporters import of_each, text, texts
from otel_discord.service.control.command import Command, OpenComponents, RefusedError

PREFIX: Final = "silence/"
LONGEST_S: Final = 366 * 86_400.0
_SECOND_NS: Final = 10**9
T = TypeVar("T")


def new_id() -> str:
    """Return eight hexadecimal digits by which a silence is called."""
    return secrets.token_hex(4)


def silence_commands(
    components: OpenComponents,
    *,
    wall_clock: Callable[[], float] = time.time,
    new_id: Callable[[], str] = new_id,
) -> list[Command]:
    """Return the commands; each takes ``exporter`` (its id; empty: every one) and answers a line for each silence of
    each exporter. A silence has the same id at all of them."""

    async def asked(arguments: Mapping[str, Any], do: Callable[[KeepsSilences], Awaitable[T]]) -> list[tuple[str, T]]:
        return await of_each(components(), arguments, KeepsSilences, "silences", do)

    async def add(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        request = _request(arguments, int(wall_clock() * _SECOND_NS), new_id())
        for name, silence in await asked(arguments, lambda each: each.add_silence(request)):
            yield {"exporter": name, **silence.to_json()}

    async def expire(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        wanted = text(arguments, "id")
        for name, silence in await asked(arguments, lambda each: each.expire_silence(wanted)):
            yield {"exporter": name, **silence.to_json()}

    async def silences(arguments: Mapping[str, Any]) -> AsyncIterator[Mapping[str, Any]]:
        for name, found in await asked(arguments, lambda each: each.silences()):
            for silence in found:
                yield {"exporter": name, **silence.to_json()}

    return [Command(f"{PREFIX}{verb}", run) for verb, run in (("add", add), ("expire", expire), ("list", silences))]


def _request(arguments: Mapping[str, Any], now_ns: int, silence_id: str) -> SilenceRequest:
    matchers = texts(arguments, "matchers")
    if not matchers:
        raise RefusedError("matchers: expected at least one, as in service.name=shop")
    starts_ns = _instant(arguments, "starts") or now_ns
    ends_ns, for_s = _instant(arguments, "until"), arguments.get("for_s")
    if (for_s is None) is (ends_ns == 0):
        raise RefusedError("expected either for_s or until")
    if for_s is not None:
        if isinstance(for_s, bool) or not isinstance(for_s, (int, float)) or not 1 <= for_s <= LONGEST_S:
            raise RefusedError("for_s is not a number of seconds from 1 to a year")
        ends_ns = starts_ns + int(for_s * _SECOND_NS)
    if ends_ns <= max(starts_ns, now_ns):
        raise RefusedError("a silence ends after its start, and in the future")
    if max(ends_ns - starts_ns, starts_ns - now_ns) > LONGEST_S * _SECOND_NS:
        raise RefusedError("a silence begins within a year and holds for at most a year")
    return SilenceRequest(
        id=silence_id,
        matchers=matchers,
        starts_ns=starts_ns,
        ends_ns=ends_ns,
        comment=text(arguments, "comment")[:500],
        author=text(arguments, "author")[:100],
    )


def _instant(arguments: Mapping[str, Any], name: str) -> int:
    """Return the instant of an argument; 0 where it is missing."""
    said = text(arguments, name)
    try:
        return wall_time_ns(said) if said else 0
    except ValueError as error:
        raise RefusedError(f"{name}: {error}") from None
