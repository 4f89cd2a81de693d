"""Measures the room that is left, seldom: at most once a second, and again when much was written since."""

import os
from pathlib import Path
from typing import Final

import apsw

from otel_discord.extensions.file_storage.space import SpaceLimits, Volume, refusal

_GOOD_FOR_S: Final = 1.0
_GOOD_FOR_BYTES: Final = 1024 * 1024


def volume_of(directory: Path) -> Volume:
    """Return the volume that holds a directory.

    Raises:
        OSError: it cannot be asked.
    """
    status = os.statvfs(directory)
    return Volume(status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize)


class SpaceMeter:
    """Answers whether new work may come, from measurements that are fresh enough."""

    def __init__(self, directory: Path, limits: SpaceLimits) -> None:
        self._directory = directory
        self._limits = limits
        self._measured_at_s: float | None = None
        self._written_bytes = 0
        self.volume = volume_of(directory)
        self.used_bytes = 0

    def wrote(self, size_bytes: int) -> None:
        """Note that a transaction stored so much."""
        self._written_bytes += size_bytes

    def refusal(self, connection: apsw.Connection, now_s: float) -> str:
        """Return why new work has to wait; "" where it may come. ``now_s`` is monotonic.

        Raises:
            OSError: the volume cannot be asked.
            apsw.Error: the database cannot be asked.
        """
        if (
            self._measured_at_s is None
            or now_s - self._measured_at_s >= _GOOD_FOR_S
            or self._written_bytes >= _GOOD_FOR_BYTES
        ):
            self.volume = volume_of(self._directory)
            pages = connection.pragma("page_count") - connection.pragma("freelist_count")
            self.used_bytes = pages * connection.pragma("page_size")
            self._measured_at_s = now_s
            self._written_bytes = 0
        return refusal(self._limits, self.volume, self.used_bytes)
