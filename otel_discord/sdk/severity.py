"""Levels of ``logging`` as severities of OpenTelemetry's log data model, without OpenTelemetry."""

from typing import Final

_HIGHEST: Final = 24


def of_level(level: int) -> int:
    """Return the number of a level of ``logging``: 10 is DEBUG (5), 20 INFO (9), 30 WARN (13), 40 ERROR (17), 50 FATAL
    (21); levels between them are the higher steps of the lower one."""
    if level < 10:
        return 1
    if level >= 50:
        return min(21 + (level - 50), _HIGHEST)
    tens, rest = divmod(level, 10)
    return 1 + 4 * tens + min(rest, 3)
