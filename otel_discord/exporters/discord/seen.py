"""How many records a record stands for, and from when to when they were seen. Pure.

Who has counted repeats before us says so by an attribute: our SDK by ``discord.count`` (time is the first one's,
observed time the last one's), the Collector's ``log_dedup`` and ours by ``log_count``, which counts only beside its two
time stamps, since as a name of its own it may mean anything.
"""

from datetime import datetime
from typing import Final, NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

COUNT_ATTRIBUTE: Final = "discord.count"
MAX_COUNT: Final = 2**31
DEDUP_COUNT: Final = "log_count"
DEDUP_FIRST: Final = "first_observed_timestamp"
DEDUP_LAST: Final = "last_observed_timestamp"
DEDUP_KEYS: Final = frozenset((DEDUP_COUNT, DEDUP_FIRST, DEDUP_LAST))
_KEYS: Final = DEDUP_KEYS | {COUNT_ATTRIBUTE}


class Seen(NamedTuple):
    """Of one record as it came in. Times are nanoseconds since the epoch."""

    records: int
    first_ns: int
    last_ns: int

    @classmethod
    def once(cls, at_ns: int) -> "Seen":
        """Return what a record says that stands for itself."""
        return cls(1, at_ns, at_ns)


def seen_in(record: LogRecord, accepted_ns: int) -> Seen:
    """Return for how many records one stands; what makes no sense as a count is 1.

    A record without any time was seen when it was accepted.
    """
    at_ns = record.time_unix_nano or record.observed_time_unix_nano or accepted_ns
    told = {pair.key: pair.value for pair in record.attributes if pair.key in _KEYS}
    if not told:
        return Seen(1, at_ns, at_ns)
    own, dedup = _count(told.get(COUNT_ATTRIBUTE)), 1
    first_ns = last_ns = at_ns
    if own > 1:
        last_ns = max(at_ns, record.observed_time_unix_nano)
    if told.keys() >= DEDUP_KEYS:
        dedup = _count(told[DEDUP_COUNT])
    if dedup > 1:
        first_ns = min(at_ns, record.observed_time_unix_nano or at_ns)
        last_ns = max(first_ns, record.observed_time_unix_nano, _time_ns(told[DEDUP_LAST]))
    return Seen(min(own * dedup, MAX_COUNT), first_ns, last_ns)


def _count(value: AnyValue | None) -> int:
    if value is None or value.WhichOneof("value") != "int_value":
        return 1
    return value.int_value if 1 < value.int_value <= MAX_COUNT else 1


def _time_ns(value: AnyValue) -> int:
    """Return the time of RFC 3339 to the second; 0 where there is none."""
    try:
        moment = datetime.fromisoformat(value.string_value)
        return int(moment.timestamp()) * 10**9 if moment.tzinfo is not None else 0
    except (ValueError, OverflowError, OSError):
        return 0
