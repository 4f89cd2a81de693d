"""How long damaged files that were set aside stay: a decision, and its act."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from otel_discord.extensions.file_storage.quarantine import set_aside_files


def sets_to_remove(
    sets: Mapping[str, tuple[float, int]], *, now_s: float, retention_s: float, max_bytes: int
) -> list[str]:
    """Return which sets of files go: too old, or, oldest first, too much together. The newest always stays.

    ``sets`` has the time of last change (Unix, seconds) and the size in bytes by name, oldest first; a retention or
    bound of 0 is none.
    """
    going = []
    total_bytes = sum(size for _, size in sets.values())
    for name, (changed_s, size) in list(sets.items())[:-1]:
        if (retention_s and now_s - changed_s > retention_s) or (max_bytes and total_bytes > max_bytes):
            going.append(name)
            total_bytes -= size
    return going


def remove_old_sets(database: Path, *, now_s: float, retention_s: float, max_bytes: int) -> list[Path]:
    """Remove what :func:`sets_to_remove` says; return the files that are gone."""
    files: dict[str, list[Path]] = {}
    sets: dict[str, tuple[float, int]] = {}
    for name, path in set_aside_files(database):
        with contextlib.suppress(OSError):
            status = path.stat()
            _, size = sets.get(name, (0.0, 0))
            sets[name] = (status.st_ctime, size + status.st_size)  # when it was set aside, not when it was written last
            files.setdefault(name, []).append(path)
    removed = []
    for name in sets_to_remove(sets, now_s=now_s, retention_s=retention_s, max_bytes=max_bytes):
        for path in files[name]:
            with contextlib.suppress(OSError):
                path.unlink()
                removed.append(path)
    return removed
