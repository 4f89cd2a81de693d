"""The files of one exporter's dead letters, safe among several processes: each change happens under a lock file.

Synchronous: whoever calls sees to it that a slow disk stalls nothing. Ids grow and are never used twice: the highest
one that was ever given stands in the lock file before a file with letters is removed.
"""

import fcntl
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from otel_discord.component.dead_letters import time_text
from otel_discord.component.storage import EVERY_LETTER, LetterFilter
from otel_discord.exporters.discord.dead_letters import letter_lines
from otel_discord.exporters.discord.dead_letters.file_names import (
    DAY_S,
    Bounds,
    LetterFile,
    file_name,
    letter_file,
    too_many,
)
from otel_discord.exporters.discord.dead_letters.line import is_chosen, letter_of, time_ns_of

_NO_END: Final = 2**63


@dataclass(frozen=True, slots=True)
class Appended:
    """The ids given, and how many letters had to go for want of room or for their age."""

    ids: tuple[int, ...]
    expired: int = 0


@dataclass(slots=True)
class LetterFiles:
    """Letters on disk; nothing is created before the first."""

    directory: Path
    stem: str
    bounds: Bounds
    wall_clock: Callable[[], float] = time.time
    _tail: tuple[Path, int, int] | None = field(default=None)
    """Newest file, its size and the last id in it, as this process knows them."""
    _last_times: dict[Path, tuple[int, int | None]] = field(default_factory=dict)
    """By file: its size, and the time of its last letter."""

    # ------------------------------------------------------------------------------------------------- writing

    def append(self, lines: Sequence[Callable[[int], bytes]], ids: Sequence[int] | None = None) -> Appended:
        """Write letters, each line made from its id, and wait for the disk; then let go what is too much.

        ``ids`` are given where they are known (copies of rows).

        Raises:
            OSError: nothing was written that anybody may rely on.
        """
        letter_lines.make_directory(self.directory)
        with self._locked():
            files = self._files()
            first = self._last_id(files) + 1
            given = tuple(ids) if ids is not None else tuple(range(first, first + len(lines)))
            content = b"".join(make(letter_id) for make, letter_id in zip(lines, given, strict=True))
            path = self._current(files, len(content))
            is_new = path is None
            if path is None:
                path = self.directory / file_name(self.stem, given[0], self.wall_clock())
            letter_lines.append_durably(path, content)
            if is_new:
                letter_lines.sync_directory(self.directory)
            self._tail = (path, path.stat().st_size, given[-1])
            self._last_times[path] = (self._tail[1], int(self.wall_clock() * 1e9))
            return Appended(given, self._keep_bounds(self._files()))

    def end(self, letter_ids: Collection[int], word: str) -> None:
        """Note durably that letters are no more, for instance ``replayed``; unknown ones are ignored.

        Raises:
            OSError: not noted.
        """
        with self._locked():
            for file, perhaps in self._by_file(letter_ids):
                ids = perhaps & letter_lines.ids_in(file.path)
                if not ids:
                    continue
                time_now = time_text(int(self.wall_clock() * 1e9))
                is_new = not file.gone_path.exists()
                letter_lines.append_durably(file.gone_path, letter_lines.gone_lines(sorted(ids), word, time_now))
                if is_new:
                    letter_lines.sync_directory(self.directory)

    def remove(self, letter_ids: Collection[int]) -> int:
        """Take letters out of the files for good; return how many there were.

        Raises:
            OSError: the disk failed; some may be left.
        """
        removed = 0
        with self._locked():
            for file, ids in self._by_file(letter_ids):
                gone = letter_lines.ids_in(file.gone_path)
                there = letter_lines.ids_in(file.path) - gone
                found = there & ids
                if not found:
                    continue
                self._note_highest()
                if found == there:
                    self._delete(file)
                else:
                    letter_lines.rewrite(file.path, found | gone)
                removed += len(found)
            self._tail = None
        return removed

    def expire(self) -> int:
        """Let go what is too much or too old; return how many letters that were.

        Raises:
            OSError: the disk failed.
        """
        if not self._files():
            return 0
        with self._locked():
            return self._keep_bounds(self._files())

    # ------------------------------------------------------------------------------------------------- reading

    def page(self, chosen: LetterFilter = EVERY_LETTER, *, after_id: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        """Return the fields of up to ``limit`` letters with ids above ``after_id``, oldest first.

        Raises:
            OSError: a file cannot be read.
        """
        found: list[dict[str, Any]] = []
        for file, end_id in _ranges(self._files()):
            if end_id <= after_id + 1:
                continue  # all its ids are lower
            gone = letter_lines.ids_in(file.gone_path)
            for fields in letter_lines.read_lines(file.path):
                letter = letter_of(fields)
                if letter is None or letter.id <= after_id or letter.id in gone or not is_chosen(letter, chosen):
                    continue
                found.append(fields)
                if len(found) == limit:
                    return found
        return found

    def count(self, chosen: LetterFilter = EVERY_LETTER) -> int:
        """Return how many letters are kept.

        Raises:
            OSError: a file cannot be read.
        """
        return sum(self._count(file, chosen) for file in self._files())

    @contextmanager
    def replaying(self) -> Iterator[bool]:
        """Be the only process that sends letters again, as long as the block runs; False where another one is.

        Raises:
            OSError: the directory cannot be written to.
        """
        if not self.directory.is_dir():
            yield True
            return
        descriptor = self._open_lock(".replay")
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)

    # -------------------------------------------------------------------------------------------------- inside

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if not self.directory.is_dir():
            yield
            return
        descriptor = self._open_lock(".lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _open_lock(self, suffix: str) -> int:
        path = self.directory / f"{self.stem}{suffix}"
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def _files(self) -> list[LetterFile]:
        try:
            names = list(self.directory.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(file for path in names if (file := letter_file(self.stem, path)) is not None)

    def _last_id(self, files: Sequence[LetterFile]) -> int:
        """Return the highest id that was ever given."""
        if not files:
            return self._highest_noted()
        newest = files[-1]
        if self._tail is None or self._tail[:2] != (newest.path, newest.path.stat().st_size):
            last = max(letter_lines.ids_in(newest.path), default=newest.first_id - 1)
            self._tail = (newest.path, newest.path.stat().st_size, last)
        return max(self._tail[2], self._highest_noted())

    def _highest_noted(self) -> int:
        try:
            text = (self.directory / f"{self.stem}.lock").read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return 0
        return int(text) if text.isdecimal() else 0

    def _note_highest(self) -> None:
        path = self.directory / f"{self.stem}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.pwrite(descriptor, f"{self._last_id(self._files()):020d}\n".encode(), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _current(self, files: Sequence[LetterFile], more_bytes: int) -> Path | None:
        """Return the file to append to, None for a new one."""
        if not files:
            return None
        newest = files[-1].path
        if newest.stat().st_size + more_bytes > self.bounds.file_bytes:
            return None
        begun_ns = time_ns_of(next(letter_lines.read_lines(newest), {}).get("time"))
        is_of_today = begun_ns is None or abs(self.wall_clock() - begun_ns / 1e9) < DAY_S
        return newest if is_of_today else None

    def _keep_bounds(self, files: Sequence[LetterFile]) -> int:
        sizes = [(file, file.path.stat().st_size) for file in files]
        surplus = too_many(sizes, self.bounds.max_bytes)
        for file in files[len(surplus) :]:
            if not self._is_expired(file, is_current=file == files[-1]):
                break
            surplus.append(file)
        expired = 0
        if surplus:
            self._note_highest()
        for file in surplus:
            expired += self._count(file)
            self._delete(file)
        return expired

    def _is_expired(self, file: LetterFile, *, is_current: bool) -> bool:
        """Return whether the last letter of a file is beyond the retention."""
        if not self.bounds.retention_s:
            return False
        last_ns = self._last_time_ns(file.path)
        if last_ns is None:
            return not is_current
        return self.wall_clock() - last_ns / 1e9 > self.bounds.retention_s

    def _last_time_ns(self, path: Path) -> int | None:
        size = path.stat().st_size
        known = self._last_times.get(path)
        if known is None or known[0] != size:
            last = deque(letter_lines.read_lines(path), maxlen=1)
            known = self._last_times[path] = (size, time_ns_of(last[0].get("time")) if last else None)
        return known[1]

    def _count(self, file: LetterFile, chosen: LetterFilter = EVERY_LETTER) -> int:
        gone = letter_lines.ids_in(file.gone_path)
        letters = (letter_of(fields) for fields in letter_lines.read_lines(file.path) if fields["id"] not in gone)
        return sum(letter is not None and is_chosen(letter, chosen) for letter in letters)

    def _by_file(self, letter_ids: Collection[int]) -> Iterator[tuple[LetterFile, set[int]]]:
        """Yield each file with those of the ids that it may hold."""
        for file, end_id in _ranges(self._files()):
            ids = {letter_id for letter_id in letter_ids if file.first_id <= letter_id < end_id}
            if ids:
                yield file, ids

    def _delete(self, file: LetterFile) -> None:
        """Remove a file: its letters first, so that no letter comes back because the word of its end is missing."""
        file.path.unlink(missing_ok=True)
        letter_lines.sync_directory(self.directory)
        file.gone_path.unlink(missing_ok=True)
        self._tail = None
        self._last_times.pop(file.path, None)


def _ranges(files: Sequence[LetterFile]) -> list[tuple[LetterFile, int]]:
    """Return each file with the first id that is not in it any more."""
    ends = [file.first_id for file in files[1:]]
    return list(zip(files, [*ends, _NO_END], strict=False))
