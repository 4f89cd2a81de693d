"""Ids as Discord makes them: milliseconds since 2015 in the upper bits, so that they sort by time."""

from datetime import UTC, datetime

DISCORD_EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Hands out ids that only grow; the same times give the same ids."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, wall_s: float) -> str:
        """Return a new id for a moment given as Unix seconds."""
        stamp = max(0, int(wall_s * 1000) - DISCORD_EPOCH_MS) << 22
        self._last = max(stamp, self._last + 1)
        return str(self._last)


def iso_time(wall_s: float) -> str:
    """Return the moment as Discord writes it: microseconds and ``+00:00``."""
    return datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="microseconds")
