"""Silence, rates and groups in words. Pure."""

from collections.abc import Sequence
from typing import Final

from otel_discord.connectors.heartbeat.groups import EVICTED, FORGOTTEN, RECOVERED, Labels, Turn
from otel_discord.signals import Signal
from otel_discord.signals.alert_event import AlertState
from otel_discord.templating.wording import number

_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_LEAST_RATE: Final = 0.1


def spoken(seconds: float) -> str:
    """Return ``5 minutes``, ``1 hour 30 minutes``, ``0.5 seconds``: the two greatest units."""
    if seconds < 1:
        return f"{number(round(max(0.0, seconds), 2))} seconds"
    rest = round(seconds)
    parts: list[str] = []
    for unit_s, name in _UNITS:
        count, rest = divmod(rest, unit_s)
        if count:
            parts.append(f"{count:,} {name}{'s' if count != 1 else ''}")
        elif parts:
            break
    return " ".join(parts[:2])


def rate(per_minute: float) -> str:
    """Return a rate: ``1,240``, ``3.5``, ``under 0.1``."""
    if per_minute < _LEAST_RATE:
        return f"under {_LEAST_RATE}"
    return number(round(per_minute)) if per_minute >= 10 else number(round(per_minute, 1))


def group_name(labels: Labels) -> str:
    """Return ``shop``, or ``shop (prod, eu)``; "" for the group of everything."""
    values = [value for _, value in labels]
    return f"{values[0]} ({', '.join(values[1:])})" if len(values) > 1 else "".join(values)


def summary(turn: Turn, signals: Sequence[Signal], name: str) -> str:
    """Return what a turn is about in one line."""
    group = group_name(turn.labels)
    what = _what(signals)
    silence = spoken(turn.silence_s)
    if turn.state is not AlertState.RESOLVED:
        told = f"has sent {what}" if group else f"{what} has come"
        since = f"for {silence}" if turn.is_known else f"since the start, {silence} ago"
        return f"{group} {told} {since}".strip() if group else f"{told[0].upper()}{told[1:]} {since}"
    match turn.resolution:
        case resolution if resolution == RECOVERED:
            return f"{group or 'Telemetry'} {'sends' if group else 'comes'} again, after {silence} of silence"
        case resolution if resolution == FORGOTTEN:
            return f"{group or 'Telemetry'} is not waited for any more, after {silence} of silence"
        case resolution if resolution == EVICTED:
            return f"{group or 'Telemetry'} is not waited for any more: others sent since (max_groups)"
        case _:
            return f"{name}: what is watched was changed or removed"


def _what(signals: Sequence[Signal]) -> str:
    if set(signals) == set(Signal):
        return "nothing"
    return f"no {' or '.join(signals)}"
