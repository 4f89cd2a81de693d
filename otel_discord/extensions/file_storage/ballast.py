"""A file of no content that holds space, given up when work must be ended on a full disk."""

import contextlib
import os
from pathlib import Path
from typing import Final

BALLAST_NAME: Final = "file_storage.ballast"
_BLOCK_BYTES: Final = 512  # the unit of st_blocks


class Ballast:
    """Holds ``size_bytes`` of the volume, or nothing."""

    def __init__(self, directory: Path, size_bytes: int) -> None:
        self._path = directory / BALLAST_NAME
        self.size_bytes = size_bytes
        self.held = self._is_there()

    def take(self) -> bool:
        """Hold the space; False, and nothing is held, where there is none (or none is wanted)."""
        if not self.size_bytes:
            self._path.unlink(missing_ok=True)
            return False
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            return False
        try:
            os.fchmod(descriptor, 0o600)
            if os.fstat(descriptor).st_size > self.size_bytes:
                os.ftruncate(descriptor, self.size_bytes)
            os.posix_fallocate(descriptor, 0, self.size_bytes)
            self.held = True
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, 0)
            self.held = False
        finally:
            os.close(descriptor)
        return self.held

    def _is_there(self) -> bool:
        try:
            status = self._path.stat()
        except OSError:
            return False
        return bool(self.size_bytes) and status.st_blocks * _BLOCK_BYTES >= self.size_bytes

    def give_up(self) -> bool:
        """Give the space back at once; False where none was held."""
        was_held, self.held = self.held, False
        if was_held:
            with contextlib.suppress(OSError):
                os.truncate(self._path, 0)
        return was_held
