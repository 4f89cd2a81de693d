"""Numbers, times and severities as alerting tools write them. Pure; nothing here raises on any text."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_NS: Final = 2**63 - 1
_MAX_VALUE_STRING: Final = 16_384
_MAX_NUMBER_LENGTH: Final = 40
_NAME: Final = re.compile(r"(?:var|metric)='([^']*)'")
_VALUE: Final = re.compile(r" value=([^\s\]]+)")

_SEVERITIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("p0", "p1", "s0", "s1", "sev0", "sev1", "sev-0", "sev-1", "disaster", "urgent"), "critical"),
    **dict.fromkeys(("p2", "s2", "sev2", "sev-2", "high"), "error"),
    **dict.fromkeys(("p3", "s3", "sev3", "sev-3", "medium", "moderate", "minor", "average"), "warning"),
    **dict.fromkeys(("p4", "p5", "s4", "s5", "sev4", "sev5", "sev-4", "sev-5", "low"), "info"),
}
"""Ranks of on-call tools as words that every reader of an alert knows."""


def severity_word(text: str) -> str:
    """Return a label's severity in lower case; ranks such as ``P1`` as the word for them."""
    word = text.strip().lower()
    return _SEVERITIES.get(word, word)


def number(value: object) -> float | None:
    """Return a finite number, also of a text such as ``95.2%`` (95.2); None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip().removesuffix("%").rstrip()
        if len(text) > _MAX_NUMBER_LENGTH or "_" in text:
            return None
        try:
            value = float(text)
        except ValueError:
            return None
    if not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def time_ns(text: str) -> int | None:
    """Return the nanoseconds since the epoch of an RFC 3339 text; 0 for "not yet" (year 1) and what OTLP cannot hold.

    None: it is no time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    at_ns = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
    return at_ns if 0 <= at_ns <= _LAST_NS else 0


def values_of_string(text: str) -> Iterator[tuple[str, float]]:
    """Yield the numbers of Grafana's valueString: ``[ var='B' labels={host=a} value=0.95 ], [ var='C' … ]``."""
    for part in text[:_MAX_VALUE_STRING].split("[ ")[1:]:
        name, values = _NAME.match(part), _VALUE.findall(part)
        found = number(values[-1]) if values else None
        if found is not None:
            yield name[1] if name else "", found


def leading_value(values: Mapping[str, float]) -> float | None:
    """Return the number that an alert is about.

    Grafana names expressions by letters in the order in which they were written: queries and their reductions come
    before the condition, whose own value is only 0 or 1.
    """
    return values[min(values)] if values else None
