"""Alerts with a series, for charts."""

from collections.abc import Callable
from typing import Any

from otel_discord.signals.alert_event import AlertEvent, AlertState

NS = 1_000_000_000
T0_NS = 1_800_000_000 * NS


def alert(
    values: list[float] | Callable[[int], float], *, step_s: int = 5, count: int = 120, **facts: Any
) -> AlertEvent:
    """Return an alert of a series; ``start`` and ``end`` are indexes of its points."""
    told = [values(index) for index in range(count)] if callable(values) else values
    series = [(T0_NS + index * step_s * NS, value) for index, value in enumerate(told)]
    start, end = facts.pop("start", None), facts.pop("end", None)
    return AlertEvent(
        name=facts.pop("name", "QueueTooDeep"),
        state=AlertState.FIRING if end is None else AlertState.RESOLVED,
        series=facts.pop("series", series),
        started_ns=0 if start is None else T0_NS + start * step_s * NS,
        ended_ns=0 if end is None else T0_NS + end * step_s * NS,
        **facts,
    )
