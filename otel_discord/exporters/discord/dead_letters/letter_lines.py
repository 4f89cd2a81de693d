"""One file of JSON Lines on disk: append so that it is there after a crash, read in spite of one, take lines out.

A crash can tear the last line. It is skipped on reading, and the next append begins on a line of its own.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson

from otel_discord.exporters.discord.dead_letters.line import parse_line

_PRIVATE: Final = 0o600
MAX_LINE_BYTES: Final = 128 * 1024 * 1024


def append_durably(path: Path, content: bytes) -> None:
    """Append and wait for the disk; what fails leaves the file as it was, as far as the disk lets it.

    Raises:
        OSError: not written.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, _PRIVATE)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            content = b"\n" + content
        try:
            _write_all(descriptor, content)
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_directory(directory: Path) -> None:
    """Make names that were created, renamed or removed in a directory last.

    Raises:
        OSError: the disk failed.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(directory: Path) -> None:
    """Make a directory that only this user can look into, and its parents.

    Raises:
        OSError: it cannot be made.
    """
    if directory.is_dir():
        return
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.mkdir(mode=0o700, exist_ok=True)
    sync_directory(directory.parent)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield what each whole line says; nothing for a file that is not there.

    Raises:
        OSError: it cannot be read.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        while line := file.readline(MAX_LINE_BYTES):
            fields = parse_line(line)
            if fields is not None:
                yield fields


def ids_in(path: Path) -> set[int]:
    """Return the ids that the lines of a file speak of.

    Raises:
        OSError: it cannot be read.
    """
    return {fields["id"] for fields in read_lines(path)}


def gone_lines(letter_ids: Sequence[int], word: str, time: str) -> bytes:
    """Return the lines that say of letters how they ended."""
    lines = ({"id": letter_id, "ended": word, "time": time} for letter_id in letter_ids)
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


def rewrite(path: Path, without: Collection[int]) -> None:
    """Put a file in the place of ``path`` that lacks some letters.

    Raises:
        OSError: the disk failed; the file is as it was, or as it should be.
    """
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, _PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        for fields in read_lines(path):
            if fields["id"] not in without:
                file.write(orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_directory(path.parent)
