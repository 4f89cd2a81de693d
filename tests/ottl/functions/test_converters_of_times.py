"""What converters of durations and moments give."""

from typing import Any

import pytest

from otel_discord.ottl.values import Duration, Timestamp
from tests.ottl.functions.converter_cases import ERROR, HOUR, Case, T, check, named

CASES: list[Case] = [
    ("Duration", ("1h30m",), Duration(5_400_000_000_000)),
    ("Duration", ("333ms",), Duration(333_000_000)),
    ("Duration", ("1000000h",), Duration(3_600_000_000_000_000_000)),
    ("Duration", ("-1.5µs",), Duration(-1500)),
    ("Duration", ("+0",), Duration(0)),
    ("Duration", ("9999999h",), ERROR),
    *[("Duration", (bad,), ERROR) for bad in ("", "5", "s", "1h 2m", "-", "1d", "1s" * 101, None)],
    ("Hours", (Duration(5_400_000_000_000),), 1.5),
    ("Minutes", (HOUR,), 60.0),
    ("Seconds", (Duration(1_500_000_000),), 1.5),
    ("Milliseconds", (HOUR,), 3_600_000),
    ("Microseconds", (Duration(-1_999),), -1),
    ("Nanoseconds", (HOUR,), 3_600_000_000_000),
    ("Nanoseconds", (Duration(2**64),), ERROR),
    ("Hours", (1,), ERROR),
    ("Year", (T,), 2023),
    ("Month", (T,), 11),
    ("Day", (T,), 14),
    ("Weekday", (T,), 2),
    ("Weekday", (Timestamp(T.ns - 2 * 86_400_000_000_000),), 0),
    ("Hour", (T,), 22),
    ("Minute", (T,), 13),
    ("Second", (T,), 20),
    ("Nanosecond", (T,), 123_456_789),
    ("Year", (Timestamp(2**80),), ERROR),
    ("Year", (1,), ERROR),
    ("UnixNano", (T,), T.ns),
    ("UnixMicro", (T,), 1_700_000_000_123_456),
    ("UnixMilli", (T,), 1_700_000_000_123),
    ("UnixSeconds", (T,), 1_700_000_000),
    ("UnixSeconds", (Timestamp(-1),), -1),
    ("UnixNano", (Timestamp(2**64),), ERROR),
    ("UnixNano", (None,), ERROR),
    ("Unix", (1_700_000_000, 123_456_789), T),
    ("Unix", (5,), Timestamp(5_000_000_000)),
    ("Unix", ("5",), ERROR),
    ("Now", (), T),
    ("TruncateTime", (T, Duration(1_000_000_000)), Timestamp(1_700_000_000_000_000_000)),
    ("TruncateTime", (T, Duration(7 * 86_400_000_000_000)), Timestamp(1_699_833_600_000_000_000)),  # Monday 13th
    ("TruncateTime", (T, Duration(0)), T),
    ("TruncateTime", (T, 5), ERROR),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), named(CASES))
def test_gives(call: Any, name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    check(call, name, arguments, expected)


def test_now_asks_for_a_clock() -> None:
    from otel_discord.ottl.functions import FUNCTIONS
    from otel_discord.ottl.registry import Arguments

    with pytest.raises(ValueError, match="time of day"):
        FUNCTIONS["Now"].build(Arguments({}))
