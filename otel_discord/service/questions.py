"""What the front desk asks of exporters, in a running service and without one: an online check, a test message."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypedDict

from otel_discord.component import Host, Kind, OnlineCheck, OnlineResult, SendTest, StartError, TestResult

TIMEOUT_S: Final = 60.0
"""Longest time for one component's answer."""
_PREFIX: Final = f"{Kind.EXPORTER}:"


class _Arguments(TypedDict, total=False):
    """Of ``check_online``; what there is nothing to say with is left out, for components that do not take it."""

    host: Host
    known: Collection[OnlineResult]


async def look_online(
    components: Mapping[str, object], hosts: Mapping[str, Host], known: Collection[OnlineResult] = ()
) -> AsyncIterator[OnlineResult]:
    """Ask every exporter that can look at its far side; names get the exporter's id before them.

    ``components`` are by name, ``exporter:discord/ops``; ``hosts`` has what those get that may take note of the answer.
    ``known`` are such results of a running service: an address among them is not asked again.
    """
    for name, component in components.items():
        if not name.startswith(_PREFIX) or not isinstance(component, OnlineCheck):
            continue
        before = f"{name.removeprefix(_PREFIX)} "
        more: _Arguments = {}
        if name in hosts:
            more["host"] = hosts[name]
        if seen := [_within(before, each) for each in known if each.fingerprint and each.name.startswith(before)]:
            more["known"] = seen
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answers = await component.check_online(**more)
        except TimeoutError:
            answers = [OnlineResult("", ok=False, text=f"no answer within {TIMEOUT_S:g} s")]
        for answer in answers:
            yield replace(answer, name=f"{before}{answer.name}".strip())


def _within(before: str, result: OnlineResult) -> OnlineResult:
    return replace(result, name=result.name.removeprefix(before))


def who_sends_tests(components: Mapping[str, object], exporter_id: str) -> tuple[str, SendTest]:
    """Return name and exporter of that id, or without one the first that can send a test message.

    Raises:
        StartError: there is none.
    """
    for name, component in components.items():
        wanted = name.startswith(_PREFIX) and exporter_id in {"", name.removeprefix(_PREFIX)}
        if wanted and isinstance(component, SendTest):
            return name, component
    which = f'exporter "{exporter_id}" cannot' if exporter_id else "no exporter that a pipeline uses can"
    raise StartError(f"{which} send a test message")


async def send_test_message(exporter: SendTest, destination: str | None) -> Sequence[TestResult]:
    """Let an open exporter send its test message."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await exporter.send_test(destination)
    except TimeoutError:
        return [TestResult(destination or "", ok=False, text=f"no answer within {TIMEOUT_S:g} s")]
