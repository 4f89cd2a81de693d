"""When a silence begins and ends, in the words of the command line. Pure; time is an argument."""

from collections.abc import Mapping, Sequence
from typing import Any

from otel_discord.component.dead_letters import time_text
from otel_discord.component.wall_time import wall_time_ns
from otel_discord.config import parse_duration

HOW_LONG = "expected how long at the end, as in 2h, or until 2026-01-31T18:00:00Z"


def split_words(words: Sequence[str]) -> tuple[Sequence[str], Mapping[str, Any]]:
    """Return the matchers, and the end as the service takes it: ``for_s`` seconds, or ``until`` an instant.

    Raises:
        ValueError: there is no end, or no matcher.
    """
    *matchers, last = words or ("",)
    until = last.removeprefix("until ") if last.startswith("until ") else ""
    if matchers and matchers[-1] == "until":
        matchers, until = matchers[:-1], last
    end: Mapping[str, Any] = {"until": time_text(wall_time_ns(until))} if until else {"for_s": _seconds(last)}
    if not matchers:
        raise ValueError("expected a matcher before the time, as in service.name=shop")
    return matchers, end


def start_text(said: str, now_s: float) -> str:
    """Return the instant of ``in 10m``, ``10m`` or a time, as the service takes it; "" for "".

    Raises:
        ValueError: it is none of these.
    """
    if not said:
        return ""
    ahead = said.removeprefix("in ").strip()
    if ahead[:4].isdecimal() and "-" in ahead:
        return time_text(wall_time_ns(ahead))
    try:
        ahead_s = parse_duration(ahead)
    except ValueError:
        ahead_s = -1.0
    if ahead_s < 0:
        raise ValueError(f"{said!r}: expected a time as in 2026-01-31T18:00:00Z, or in 10m")
    return time_text(int((now_s + ahead_s) * 1e9))


def _seconds(said: str) -> float:
    try:
        seconds = parse_duration(said)
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise ValueError(f"{HOW_LONG}; found {said!r}")
    return seconds
