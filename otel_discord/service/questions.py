"""What the front desk asks of exporters, in a running service and without one: an online check, a test message."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from otel_discord.component import Host, Kind, OnlineCheck, OnlineResult, SendTest, StartError, TestResult

TIMEOUT_S: Final = 60.0
"""Longest time for one component's answer."""
_PREFIX: Final = f"{Kind.EXPORTER}:"


async def look_online(components: Mapping[str, object], hosts: Mapping[str, Host]) -> AsyncIterator[OnlineResult]:
    """Ask every exporter that can look at its far side; names get the exporter's id before them.

    ``components`` are by name, ``exporter:discord/ops``; ``hosts`` has what those get that may take note of the answer.
    """
    for name, component in components.items():
        if not name.startswith(_PREFIX) or not isinstance(component, OnlineCheck):
            continue
        host = hosts.get(name)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answers = await (component.check_online(host) if host is not None else component.check_online())
        except TimeoutError:
            answers = [OnlineResult("", ok=False, text=f"no answer within {TIMEOUT_S:g} s")]
        for answer in answers:
            yield OnlineResult(f"{name.removeprefix(_PREFIX)} {answer.name}".strip(), answer.ok, answer.text)


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
