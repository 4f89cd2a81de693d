"""Converters of durations: Duration, and Hours to Nanoseconds, which say how long one is."""

from typing import Final

from otel_discord.ottl.functions.declare import converter, of_string
from otel_discord.ottl.functions.go_duration import parse_go_duration
from otel_discord.ottl.registry import Function, Kind, Parameter
from otel_discord.ottl.values import Duration, bounded_int


def _as_double(name: str, unit_ns: int) -> Function:
    return converter(name, lambda duration: duration.ns / unit_ns, Parameter("duration", Kind.DURATION))


def _as_int(name: str, unit_ns: int) -> Function:
    return converter(name, lambda duration: _whole(duration.ns, unit_ns), Parameter("duration", Kind.DURATION))


def _whole(ns: int, unit_ns: int) -> int:
    return bounded_int(ns // unit_ns if ns >= 0 else -(-ns // unit_ns))


FUNCTIONS: Final[tuple[Function, ...]] = (
    of_string("Duration", lambda text: Duration(parse_go_duration(text))),
    _as_double("Hours", 3_600_000_000_000),
    _as_int("Microseconds", 1_000),
    _as_int("Milliseconds", 1_000_000),
    _as_double("Minutes", 60_000_000_000),
    _as_int("Nanoseconds", 1),
    _as_double("Seconds", 1_000_000_000),
)
