"""Whether an earlier run has left something in the spool: a look that costs the application next to nothing.

The files are those of dead letters (docs/reference/dead-letters.md): a line a letter in ``….jsonl``, and in ``….gone``
a line for each that has ended since.
"""

import os
from pathlib import Path
from typing import Final

_LARGE_BYTES: Final = 1024 * 1024
"""A file of this size is not counted: probably something is in it."""

_ROOM_BYTES: Final = 64 * 1024
"""Notes of some thousand letters."""


def has_left(directory: str) -> bool:
    """Return whether there may be letters that have not ended; False where the directory cannot be read."""
    try:
        with os.scandir(directory) as entries:
            files = [Path(entry.path) for entry in entries if entry.name.endswith(".jsonl")]
        return any(_lines(file) > _lines(file.with_suffix(".gone")) for file in files)
    except OSError:  # it is made with the first record that is left
        return False


def make_sure_of_room(directory: str) -> None:
    """Write something into the directory that is gone at once.

    What is sent again is noted there; where it cannot be, the same letters would be sent at every start.

    Raises:
        OSError: the disk is full, or nothing may be written.
    """
    import tempfile

    with tempfile.TemporaryFile(dir=directory, buffering=0) as probe:
        probe.write(bytes(_ROOM_BYTES))


def _lines(file: Path) -> int:
    try:
        size = file.stat().st_size
        return size if size > _LARGE_BYTES else file.read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0
