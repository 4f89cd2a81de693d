"""A VFS that records every write, truncation, sync and removal of a database's files, in one log with what the
application was told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from otel_discord.extensions.file_storage.log_tail import SUFFIX

NAME = "crash_images"


@dataclass(frozen=True, slots=True)
class Write:
    file: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    file: str
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    file: str


@dataclass(frozen=True, slots=True)
class Delete:
    file: str
    synced: bool


@dataclass(frozen=True, slots=True)
class Note:
    """A file that is written past SQLite and never synced, as it stands now."""

    file: str
    data: bytes


Operation = Write | Truncate | Sync | Delete | Note


@dataclass
class Recording:
    """The operations in their order. A place in time is how many of them were begun."""

    directory: Path
    operations: list[Operation] = field(default_factory=list)
    _noted: bytes = b""

    @property
    def now(self) -> int:
        return len(self.operations)

    def add(self, operation: Operation) -> None:
        self._look_at_note(operation.file.removesuffix("-wal") + SUFFIX)
        self.operations.append(operation)

    def _look_at_note(self, file: str) -> None:
        try:
            data = (self.directory / file).read_bytes()
        except FileNotFoundError:
            return
        if data != self._noted:
            self._noted = data
            self.operations.append(Note(file, data))


class _File(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], recording: Recording) -> None:
        super().__init__("", name, flags)
        self._name = Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name)).name
        self._recording = recording

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        self._recording.add(Write(self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._recording.add(Truncate(self._name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        # Nothing depends on this disk, so it need not really sync; what was synced is in the log.
        self._recording.add(Sync(self._name))


class _Vfs(apsw.VFS):
    def __init__(self, recording: Recording) -> None:
        super().__init__(NAME, "")
        self._recording = recording

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802
        return _File(name, flags, self._recording)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        self._recording.add(Delete(Path(filename).name, syncdir))
        super().xDelete(filename, syncdir)


@contextmanager
def recording_vfs(directory: Path) -> Iterator[Recording]:
    """Offer a VFS named :data:`NAME` while the block runs."""
    recording = Recording(directory)
    vfs = _Vfs(recording)
    try:
        yield recording
    finally:
        vfs.unregister()
