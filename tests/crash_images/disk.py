"""The disk as it could look after the power went away: what was synced is there, of the rest any part may be."""

import random
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from tests.crash_images.recorder import Delete, Note, Operation, Recording, Sync, Truncate, Write

SECTOR = 512


class Style(Enum):
    """What becomes of writes that were not synced."""

    KEPT = "all kept"
    DROPPED = "all dropped"
    PREFIX = "a prefix kept"
    SUBSET = "a random subset kept"
    TORN = "torn at 512 bytes"


@dataclass
class _File:
    safe: bytearray = field(default_factory=bytearray)
    exists: bool = False
    """Whether the name itself is safe."""
    pending: list[tuple[int, Write | Truncate]] = field(default_factory=list)
    gone: bool = False
    """Removed, and the removal not yet safe."""


class Disk:
    """Follows a recording up to a moment, and makes images of that moment."""

    def __init__(self, recording: Recording, existing: str) -> None:
        self._operations = recording.operations
        self._done = 0
        self._files: dict[str, _File] = {existing: _File(exists=True)}
        self._notes: dict[str, bytes] = {}

    def advance(self, moment: int) -> None:
        """Go on to ``moment``; back is not possible."""
        for number in range(self._done, moment):
            self._do(number, self._operations[number])
        self._done = max(self._done, moment)

    def _do(self, number: int, operation: Operation) -> None:
        if isinstance(operation, Note):
            self._notes[operation.file] = operation.data
            return
        file = self._files.setdefault(operation.file, _File())
        match operation:
            case Sync():
                for _, each in file.pending:
                    _apply(file.safe, each)
                file.pending.clear()
                if not file.exists:  # SQLite syncs the directory with the first sync of a file that it made
                    file.exists = True
                    self._sync_names()
            case Delete():
                file.gone = True
                if operation.synced:
                    self._sync_names()
            case Write() | Truncate():
                if file.gone:  # made anew under the same name
                    file = self._files[operation.file] = _File()
                file.pending.append((number, operation))

    def _sync_names(self) -> None:
        self._files = {name: file for name, file in self._files.items() if not file.gone}
        for file in self._files.values():
            file.exists = True

    def image(self, directory: Path, style: Style, dice: random.Random) -> None:
        """Write the files as they could look now into an empty directory."""
        last = max((number for file in self._files.values() for number, _ in file.pending), default=0)
        first = min((number for file in self._files.values() for number, _ in file.pending), default=0)
        cut = dice.randint(first, last + 1)
        for name, file in self._files.items():
            kept = _survivors(file.pending, style, cut, dice)
            if not file.exists and not kept and (style is Style.DROPPED or dice.random() < 0.5):
                continue
            if file.gone and (style is Style.KEPT or (style is not Style.DROPPED and dice.random() < 0.5)):
                continue
            data = bytearray(file.safe)
            for operation in kept:
                _apply(data, operation)
            (directory / name).write_bytes(data)
        for name, note in self._notes.items():
            if style is Style.KEPT or dice.random() < 0.6:
                (directory / name).write_bytes(note)


def _survivors(
    pending: list[tuple[int, Write | Truncate]], style: Style, cut: int, dice: random.Random
) -> list[Write | Truncate]:
    match style:
        case Style.KEPT:
            return [operation for _, operation in pending]
        case Style.DROPPED:
            return []
        case Style.PREFIX:
            return [operation for number, operation in pending if number < cut]
        case Style.SUBSET:
            return [operation for _, operation in pending if dice.random() < 0.5]
        case Style.TORN:
            return [part for _, operation in pending for part in _torn(operation, dice)]


def _torn(operation: Write | Truncate, dice: random.Random) -> list[Write | Truncate]:
    if isinstance(operation, Truncate):
        return [operation] if dice.random() < 0.5 else []
    parts: list[Write | Truncate] = []
    at, end = operation.offset, operation.offset + len(operation.data)
    while at < end:
        stop = min(end, (at // SECTOR + 1) * SECTOR)
        if dice.random() < 0.5:
            parts.append(Write(operation.file, at, operation.data[at - operation.offset : stop - operation.offset]))
        at = stop
    return parts


def _apply(data: bytearray, operation: Write | Truncate) -> None:
    size = operation.size if isinstance(operation, Truncate) else operation.offset + len(operation.data)
    if len(data) < size:
        data.extend(bytes(size - len(data)))
    if isinstance(operation, Truncate):
        del data[size:]
    else:
        data[operation.offset : size] = operation.data
