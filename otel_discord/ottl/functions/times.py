"""Converters of times: Now, Time, FormatTime, TruncateTime, Unix…, and Year to Nanosecond, which are in UTC."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.ctime_format import parts_of
from otel_discord.ottl.functions.ctime_instant import location
from otel_discord.ottl.functions.ctime_read import read_time
from otel_discord.ottl.functions.ctime_write import civil_time, write_time
from otel_discord.ottl.functions.declare import converter
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter
from otel_discord.ottl.values import Duration, Timestamp, bounded_int

_NS_PER_S: Final = 1_000_000_000
_YEAR_ONE_NS: Final = 62_135_596_800 * _NS_PER_S
_ENGLISH: Final = ("", "en", "en-US", "en-GB")


def truncate_time(time: Timestamp, duration: Duration) -> Timestamp:
    """Return the time rounded down to a multiple of the duration since the year 1; unchanged where it is not above 0.

    Source of the rule: Go, time.Truncate; so weeks begin on Monday.
    """
    if duration.ns <= 0:
        return time
    return Timestamp(time.ns - (time.ns + _YEAR_ONE_NS) % duration.ns)


def unix(seconds: int, nanoseconds: int) -> Timestamp:
    """Return the time that many seconds and nanoseconds after 1970."""
    return Timestamp(seconds * _NS_PER_S + nanoseconds)


def _build_now(arguments: Arguments) -> Getter:
    clock = arguments.now()
    return lambda _item: Timestamp(clock())


def _build_time(arguments: Arguments) -> Getter:
    layout = arguments.text("format")
    locale = arguments.literal("locale")
    try:
        parts_of(layout)
        zone = location(arguments.text("location")) if arguments.literal("location") else None
    except OttlError as error:
        raise ValueError(str(error)) from None
    if locale not in _ENGLISH:
        raise ValueError(f"times can be read in English only, not in {locale!r}")
    # Only a text without a year asks what day it is; everywhere else Time works without a clock.
    clock = arguments.clock or (lambda: 0)
    text = arguments.getter("time")
    return lambda item: Timestamp(read_time(text(item), layout, zone, clock()))


def _civil(name: str, part: Callable[[datetime], int]) -> Function:
    return converter(name, lambda time: part(civil_time(time.ns, UTC)[0]), Parameter("time", Kind.TIME))


def _since_1970(name: str, unit_ns: int) -> Function:
    return converter(name, lambda time: bounded_int(time.ns // unit_ns), Parameter("time", Kind.TIME))


FUNCTIONS: Final[tuple[Function, ...]] = (
    _civil("Day", lambda time: time.day),
    converter(
        "FormatTime",
        lambda time, layout: write_time(time.ns, layout),
        Parameter("time", Kind.TIME),
        Parameter("format", Kind.STRING),
    ),
    _civil("Hour", lambda time: time.hour),
    _civil("Minute", lambda time: time.minute),
    _civil("Month", lambda time: time.month),
    converter("Nanosecond", lambda time: time.ns % _NS_PER_S, Parameter("time", Kind.TIME)),
    Function("Now", (), _build_now, pure=False),
    _civil("Second", lambda time: time.second),
    Function(
        "Time",
        (
            Parameter("time", Kind.STRING),
            Parameter("format", Kind.STRING_LITERAL),
            Parameter("location", Kind.STRING_LITERAL, default=""),
            Parameter("locale", Kind.STRING_LITERAL, default=""),
        ),
        _build_time,
        pure=False,
    ),
    converter("TruncateTime", truncate_time, Parameter("time", Kind.TIME), Parameter("duration", Kind.DURATION)),
    converter("Unix", unix, Parameter("seconds", Kind.INT), Parameter("nanoseconds", Kind.INT, default=0)),
    _since_1970("UnixMicro", 1_000),
    _since_1970("UnixMilli", 1_000_000),
    _since_1970("UnixNano", 1),
    _since_1970("UnixSeconds", _NS_PER_S),
    # Python counts from Monday, Go from Sunday.
    _civil("Weekday", lambda time: (time.weekday() + 1) % 7),
    _civil("Year", lambda time: time.year),
)
