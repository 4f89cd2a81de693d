"""How far the write-ahead log was committed, noted beside it, so that a log that was cut short is noticed.

The note is written after each commit and never synced: it outlives the process, and after a power cut it may be older
than the log or torn, but never ahead of what was safe (``fsync: true``). Its 20 bytes: frames (8, big-endian), the
log's salts (8), CRC-32 of both (4).
"""

import contextlib
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from otel_discord.extensions.file_storage.wal_file import HEADER_BYTES

SUFFIX: Final = "-tail"
_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class Committed:
    """``frames`` of the log with these ``salts`` were committed."""

    frames: int
    salts: bytes


def encode_tail(committed: Committed) -> bytes:
    """Return the note."""
    body = struct.pack(">Q8s", committed.frames, committed.salts)
    return body + struct.pack(">I", zlib.crc32(body))


def decode_tail(note: bytes) -> Committed | None:
    """Return what a note says; None where it is not a whole one."""
    if len(note) != _BYTES or zlib.crc32(note[:-4]) != struct.unpack(">I", note[-4:])[0]:
        return None
    return Committed(*struct.unpack(">Q8s", note[:-4]))


def read_tail(database: Path) -> Committed | None:
    """Return what is noted beside a database; None where nothing can be read."""
    try:
        with database.with_name(database.name + SUFFIX).open("rb") as file:
            return decode_tail(file.read(_BYTES + 1))
    except OSError:
        return None


class LogTail:
    """Keeps the note of one open database. A note that cannot be written is no error: it is left out."""

    def __init__(self, database: Path) -> None:
        self._log_path = database.with_name(database.name + "-wal")
        self._log = -1
        self._note = -1
        with contextlib.suppress(OSError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._note = os.open(database.with_name(database.name + SUFFIX), flags, 0o600)
            os.fchmod(self._note, 0o600)

    def note(self, frames: int) -> None:
        """Note that this many frames of the log are committed, and as safe as they will be."""
        if self._note < 0 or frames < 1:
            return
        with contextlib.suppress(OSError):
            if self._log < 0:
                self._log = os.open(self._log_path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            header = os.pread(self._log, HEADER_BYTES, 0)
            if len(header) == HEADER_BYTES:
                os.pwrite(self._note, encode_tail(Committed(frames, header[16:24])), 0)

    def close(self) -> None:
        """Let go of the files; the note stays."""
        for descriptor in (self._log, self._note):
            if descriptor >= 0:
                os.close(descriptor)
        self._log = self._note = -1


def forget_tail(database: Path) -> None:
    """Remove the note.

    Raises:
        OSError: it cannot be removed.
    """
    database.with_name(database.name + SUFFIX).unlink(missing_ok=True)
