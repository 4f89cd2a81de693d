"""Severity numbers of the log data model and their six ranges.

Source: OpenTelemetry specification, logs data model, field SeverityNumber. 0 is unspecified.
"""

from enum import IntEnum
from functools import lru_cache
from typing import Final


class Severity(IntEnum):
    """The lowest number of each range; compare numbers, never texts."""

    UNSPECIFIED = 0
    TRACE = 1
    DEBUG = 5
    INFO = 9
    WARN = 13
    ERROR = 17
    FATAL = 21


_ALIASES: Final = {
    "WARNING": Severity.WARN,
    "CRITICAL": Severity.FATAL,
    "CRIT": Severity.FATAL,
    "EMERGENCY": Severity.FATAL,
    "EMERG": Severity.FATAL,
    "ALERT": Severity.FATAL,
    "PANIC": Severity.FATAL,
    "ERR": Severity.ERROR,
    "SEVERE": Severity.ERROR,
    "NOTICE": Severity.INFO,
    "INFORMATION": Severity.INFO,
    "INFORMATIONAL": Severity.INFO,
    "VERBOSE": Severity.DEBUG,
}


def severity_range(number: int) -> Severity:
    """Return the range that a severity number lies in; numbers outside 1–24 are unspecified (enums are open)."""
    if not 1 <= number <= 24:
        return Severity.UNSPECIFIED
    return Severity((number - 1) // 4 * 4 + 1)


@lru_cache(maxsize=512)
def severity_from_text(text: str) -> Severity:
    """Return the range that a severity text names, in any case; unspecified if it names none."""
    name = text.strip().upper()
    if name in _ALIASES:
        return _ALIASES[name]
    stem = name[:-1] if name.endswith(("1", "2", "3", "4")) else name
    if stem in Severity.__members__ and stem != "UNSPECIFIED":
        return Severity[stem]
    return Severity.UNSPECIFIED


def effective_severity(number: int, text: str) -> int:
    """Return the number; where it is 0, what the text says. The text never overrules a number."""
    if number:
        return number
    return int(severity_from_text(text)) if text else 0


def parse_min_severity(value: object) -> int:
    """Return the number of a threshold a user wrote: ``WARN``, ``error2``, ``critical`` or ``13``.

    Raises:
        ValueError: it names no severity.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ValueError("must be a severity: TRACE, DEBUG, INFO, WARN, ERROR or FATAL, or a number from 0 to 24")
    if isinstance(value, int) or value.strip().isdecimal():
        number = int(value)
        if 0 <= number <= 24:
            return number
        raise ValueError(f"{number} is not a severity number (0 to 24)")
    found = severity_from_text(value)
    if found is Severity.UNSPECIFIED:
        raise ValueError(f"{value!r} is not a severity: use TRACE, DEBUG, INFO, WARN, ERROR or FATAL")
    name = value.strip().upper()
    step = int(name[-1]) - 1 if name[-1] in "234" else 0
    return int(found) + step
