"""Sets damaged files aside and puts the salvaged one in their place, so that a crash at any step loses nothing.

The salvaged file is complete and synced before it gets the name ``<name>.salvaged-<time>``. While a file of that name
is there the exchange has begun, and whoever starts next ends it; before, nothing was touched.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from otel_discord.component.failpoint import reach
from otel_discord.extensions.file_storage.directory import sync_directory
from otel_discord.extensions.file_storage.log_tail import forget_tail
from otel_discord.extensions.file_storage.open_mark import OpenMark

MOST_SETS: Final = 16
"""How many times' files are kept."""
_COMPANIONS: Final = ("-wal", "-shm", "-journal", "")  # the main file last: what is beside it belongs to it
_TIME: Final = "%Y%m%dT%H%M%SZ"


def unfinished_path(path: Path) -> Path:
    """Return where a new file is built."""
    return path.with_name(path.name + ".salvage")


def discard_unfinished(path: Path) -> None:
    """Remove a new file that did not become complete."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        unfinished = unfinished_path(path)
        unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)


def create_unfinished(path: Path) -> Path:
    """Make the empty file in which a new database is built, readable for its owner only.

    Raises:
        OSError: it cannot be made.
    """
    discard_unfinished(path)
    unfinished = unfinished_path(path)
    descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    os.fchmod(descriptor, 0o600)
    os.close(descriptor)
    return unfinished


def exchange(path: Path, *, now: datetime) -> tuple[Path, ...]:
    """Set the files of ``path`` aside and put the complete new file there; return where the old ones are.

    Raises:
        OSError: it cannot be done; the next call of :func:`finish_exchange` goes on with it.
    """
    unfinished = unfinished_path(path)
    _sync_file(unfinished)
    stamp = _free_stamp(path, now)
    reach("salvage.before_swap")
    unfinished.rename(_salvaged_path(path, stamp))
    sync_directory(path.parent)
    return _finish(path, stamp)


def finish_exchange(path: Path) -> tuple[Path, ...] | None:
    """End an exchange that a crash interrupted; return where the old files are, None where there was none.

    Raises:
        OSError: it cannot be done now.
    """
    discard_unfinished(path)
    prefix = _salvaged_path(path, "").name
    stamps = sorted(each.name[len(prefix) :] for each in path.parent.iterdir() if each.name.startswith(prefix))
    result: tuple[Path, ...] | None = None
    for stamp in stamps:
        result = (*(result or ()), *_finish(path, stamp))
    return result


def _finish(path: Path, stamp: str) -> tuple[Path, ...]:
    # Both belong to the old files; left behind they would raise an alarm about the new one.
    OpenMark(path).clear()
    forget_tail(path)
    for suffix in _COMPANIONS:
        source = path.with_name(path.name + suffix)
        target = _set_aside_path(path, suffix, stamp)
        if not _holds_something(source):
            continue
        if target.exists():  # never written over: somebody put another file there in between
            target = _set_aside_path(path, suffix, _free_stamp(path, datetime.now(UTC)))
        source.chmod(0o600)
        source.rename(target)
        sync_directory(path.parent)
        reach("quarantine.renamed")
    for suffix in _COMPANIONS[:-1]:
        path.with_name(path.name + suffix).unlink(missing_ok=True)  # empty ones
    _salvaged_path(path, stamp).replace(path)
    sync_directory(path.parent)
    reach("salvage.after_swap")
    _keep_newest(path)
    return tuple(aside for suffix in _COMPANIONS if (aside := _set_aside_path(path, suffix, stamp)).exists())


def set_aside_files(path: Path) -> list[tuple[str, Path]]:
    """Return the time in the name and the path of every file that was set aside, oldest first."""
    found = []
    for each in path.parent.iterdir():
        name, mark, stamp = each.name.partition(".corrupt-")
        if mark and any(name == path.name + suffix for suffix in _COMPANIONS):
            found.append((stamp, each))
    return sorted(found)


def _keep_newest(path: Path) -> None:
    files = set_aside_files(path)
    kept = sorted({stamp for stamp, _ in files})[-MOST_SETS:]
    for stamp, each in files:
        if stamp not in kept:
            each.unlink(missing_ok=True)


def _salvaged_path(path: Path, stamp: str) -> Path:
    return path.with_name(f"{path.name}.salvaged-{stamp}")


def _set_aside_path(path: Path, suffix: str, stamp: str) -> Path:
    return path.with_name(f"{path.name}{suffix}.corrupt-{stamp}")


def _free_stamp(path: Path, now: datetime) -> str:
    stamps = _stamps(now)
    return next(each for each in stamps if not any(_set_aside_path(path, s, each).exists() for s in _COMPANIONS))


def _stamps(now: datetime) -> Iterator[str]:
    first = now.astimezone(UTC).strftime(_TIME)
    yield first
    for number in range(2, 1 << 31):
        yield f"{first}-{number}"


def _holds_something(path: Path) -> bool:
    try:
        return path.lstat().st_size > 0
    except FileNotFoundError:
        return False


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
