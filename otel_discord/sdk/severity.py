"""Severities of OpenTelemetry's log data model, without OpenTelemetry: this runs on the application's threads."""

from typing import Final

INFO: Final = 9
_HIGHEST: Final = 24
_BY_TEXT: Final = {
    "TRACE": 1, "NOTSET": 1,
    "DEBUG": 5,
    "INFO": 9, "INFORMATION": 9, "NOTICE": 10,
    "WARN": 13, "WARNING": 13,
    "ERROR": 17, "ERR": 17, "EXCEPTION": 17,
    "CRITICAL": 21, "FATAL": 21, "ALERT": 21, "EMERG": 21, "EMERGENCY": 21, "PANIC": 21,
}  # fmt: skip


def severity_number(number: int, text: str | None) -> int:
    """Return a severity number from 1 to 24: the given one, else what the text says, else INFO."""
    if 1 <= number <= _HIGHEST:
        return number
    return _BY_TEXT.get((text or "").strip().upper(), INFO)


def of_level(level: int) -> int:
    """Return the number of a level of ``logging``: 10 is DEBUG (5), 20 INFO (9), 30 WARN (13), 40 ERROR (17), 50 FATAL
    (21); levels between them are the higher steps of the lower one."""
    if level < 10:
        return 1
    if level >= 50:
        return min(21 + (level - 50), _HIGHEST)
    tens, rest = divmod(level, 10)
    return 1 + 4 * tens + min(rest, 3)
