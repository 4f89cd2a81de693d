"""Instants as people write them: RFC 3339. Pure."""

import re
from datetime import UTC, datetime
from typing import Final

_SHAPE: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})")
_EXPECTED: Final = "expected a time as in 2026-01-31T18:00:00Z or 2026-01-31T18:00+01:00"


def wall_time_ns(text: str) -> int:
    """Return the nanoseconds since the epoch, to the microsecond; seconds may be left out.

    Raises:
        ValueError: it is no such time, has no zone, or lies before 1970.
    """
    stripped = text.strip()
    if not _SHAPE.fullmatch(stripped):
        raise ValueError(f"{text!r}: {_EXPECTED}")
    try:
        since = datetime.fromisoformat(stripped.upper()) - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r}: {_EXPECTED}") from None
    time_ns = (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1_000
    if time_ns <= 0:
        raise ValueError(f"{text!r}: {_EXPECTED}")
    return time_ns
