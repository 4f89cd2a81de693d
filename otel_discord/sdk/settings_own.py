"""Arguments that are the SDK's own: how much may wait in memory, where the rest is kept, how long the end may take."""

from pathlib import Path
from typing import Any, Final

from otel_discord.config.duration import parse_duration
from otel_discord.config.raw_text import RawText, to_typed
from otel_discord.sdk.settings_sources import absolute

MIB: Final = 1024 * 1024
_LONGEST_BARE_S: Final = 1000


def parse_spool_directory(value: Any) -> str:
    """Return an absolute path. Nothing is made yet.

    Raises:
        ValueError: it is a file, or no path.
    """
    if not isinstance(value, str) or "://" in value:
        raise ValueError("must be the path of a directory")
    path = absolute(value)
    try:
        is_file = Path(path).exists() and not Path(path).is_dir()
    except OSError as error:
        raise ValueError(f"{value} cannot be used: {error.strerror or type(error).__name__}") from None
    if is_file:
        raise ValueError(f"{value} is a file; it must be a directory, which is made where there is none")
    return path


def parse_seconds(value: Any) -> float:
    """Return seconds; a number of Python is seconds, a text has a unit.

    Raises:
        ValueError: it is no time, or so large a number that milliseconds must have been meant.
    """
    if isinstance(value, RawText):
        value = str.__str__(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        seconds = parse_duration(value)
    elif not value < _LONGEST_BARE_S:  # NaN too
        raise ValueError(f"{value} would be seconds; write it with its unit, as in '5s'")
    else:
        seconds = float(value)
    if seconds < 0:
        raise ValueError("must not be negative")
    return seconds


def parse_max_records(value: Any) -> int:
    """Return how many records may wait.

    Raises:
        ValueError: it is no whole number above 0.
    """
    number = _number(value)
    if not isinstance(number, int) or number < 1:
        raise ValueError("must be a whole number, at least 1")
    return number


def parse_max_bytes(value: Any) -> int:
    """Return how many bytes may wait, of a number of MiB.

    Raises:
        ValueError: it is no number above 0.
    """
    number = _number(value)
    if not 0 < number < 2**20:  # NaN too
        raise ValueError("must be a number of MiB above 0")
    return max(1, int(number * MIB))


def _number(value: Any) -> int | float:
    value = to_typed(value)
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            raise ValueError("must be a number") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("must be a number")
    return value
