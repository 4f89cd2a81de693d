"""What a database on disk is opened with."""

from dataclasses import dataclass
from pathlib import Path

from otel_discord.extensions.file_storage.space import SpaceLimits


@dataclass(frozen=True, slots=True)
class DatabaseOptions:
    """``path`` is the main file, in a directory that is there. ``vfs`` names a VFS that is registered with apsw, for
    tests that record writes and inject faults; "" is the system's own."""

    path: Path
    space: SpaceLimits
    fsync: bool = True
    keep_free_bytes: int = 16 * 1024 * 1024
    give_room_back: bool = True
    vacuum_at_start: bool = False
    vfs: str = ""
