"""Looks at the files before SQLite does, and replaces damaged ones by what can be saved of them.

Called only while no connection is open, by the process that holds the directory.
"""

import contextlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Final, Self

from otel_discord.component.counted import counted
from otel_discord.extensions.file_storage.database_file import (
    HEADER_BYTES,
    DatabaseHeader,
    Pages,
    missing_pages,
    read_header,
)
from otel_discord.extensions.file_storage.log_tail import read_tail
from otel_discord.extensions.file_storage.page_size import guess_page_size
from otel_discord.extensions.file_storage.quarantine import (
    create_unfinished,
    discard_unfinished,
    exchange,
    finish_exchange,
)
from otel_discord.extensions.file_storage.salvage import PAGE_SIZE, Salvaged, salvage
from otel_discord.extensions.file_storage.wal_audit import WalVerdict, audit_wal, latest_pages
from otel_discord.extensions.file_storage.wal_file import WalScan, scan_wal


class Damage(StrEnum):
    """What is wrong with the files; the value is for a person."""

    HEADER = "the database's header is not one"
    TRUNCATED = "the database is shorter than it should be"
    MISSING = "the database is gone, its write-ahead log is still there"
    LOG = "the write-ahead log is damaged in the middle"
    LOG_HEADER = "the write-ahead log's header is damaged"
    LOG_TRUNCATED = "the write-ahead log is shorter than what was committed"
    FOUND_BY_SQLITE = "SQLite found the database damaged"
    INTERRUPTED = "an earlier repair was interrupted; it is finished now"


_OF_LOG: Final = {
    WalVerdict.DAMAGED: Damage.LOG,
    WalVerdict.HEADER_DAMAGED: Damage.LOG_HEADER,
    WalVerdict.TRUNCATED: Damage.LOG_TRUNCATED,
}


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What was wrong, where the damaged files are now, and what of them is in the new one."""

    damage: Damage
    set_aside: tuple[Path, ...]
    found: Salvaged = field(default_factory=Salvaged)

    @property
    def rows_lost(self) -> int:
        """Rows that are known to be lost; pages that could not be read may have held more."""
        return self.found.rejected

    def log_lines(self) -> tuple[str, ...]:
        """Return what the log says about it, a line each, without data."""
        files = ", ".join(str(each) for each in self.set_aside) or "none"
        saved = ", ".join(f"{count:,} {name}" for name, count in self.found.saved.items() if name != "meta")
        lines = [f"stored queue damaged: {self.damage.value}; set aside: {files}"]
        if self.damage is not Damage.INTERRUPTED:
            lines.append(
                f"saved from the damaged files: {saved or 'nothing'}; rows rejected by their checksum: "
                f"{self.found.rejected:,}; pages unreadable: {self.found.unreadable_pages:,}"
            )
        if self.found.in_doubt:
            lines.append(f"{counted(self.found.in_doubt, 'card')} may have been delivered before; shown as such")
        if self.found.orphaned_batches:
            lines.append(f"of {self.found.orphaned_batches:,} batches no card is left: delivered, or lost")
        return tuple(lines)


def repair_if_damaged(path: Path, *, now: datetime) -> RepairReport | None:
    """Look at a database and its log before SQLite does; where they are damaged, salvage them into a new file.

    None means that SQLite may have them: an absent or empty file is a new one, and what a crash leaves is no damage.
    Also ends an exchange of files that a crash interrupted. Nothing is lost by a crash in here.

    Raises:
        OSError: the files cannot be read or renamed, or there is no room for the new one.
        apsw.Error: the new file cannot be written.
    """
    finished = finish_exchange(path)
    with _Files(path) as files:
        damage = files.judge()
        if damage is not None:
            return _replace(path, files, damage, now)
    return RepairReport(Damage.INTERRUPTED, finished) if finished is not None else None


def quarantine_and_salvage(path: Path, *, now: datetime) -> RepairReport:
    """Salvage a database that SQLite calls damaged into a new file; its connection is closed. Raises as above."""
    finish_exchange(path)
    with _Files(path) as files:
        return _replace(path, files, files.judge() or Damage.FOUND_BY_SQLITE, now)


def _replace(path: Path, files: "_Files", damage: Damage, now: datetime) -> RepairReport:
    target = create_unfinished(path)
    try:
        found = salvage(files.pages(), target)
    except BaseException:
        with contextlib.suppress(OSError):
            discard_unfinished(path)
        raise
    return RepairReport(damage, exchange(path, now=now), found)


class _Files:
    """The main file and its log, open for reading."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._main = self._open("")
        self._wal = self._open("-wal")
        self._main_bytes = self._main.seek(0, 2) if self._main else 0
        self._header = self._read_header()
        hint = self._header.page_size if self._header else 0
        self._scan: WalScan | None = scan_wal(self._wal, hint) if self._wal else None
        self._verdict = audit_wal(self._scan, read_tail(self._path))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def judge(self) -> Damage | None:
        """Return what is wrong, as far as it can be seen without SQLite."""
        if self._verdict is not WalVerdict.GOOD:
            return _OF_LOG[self._verdict]
        if self._has_hot_journal():
            return None  # SQLite first takes back what it began
        if not self._main_bytes:
            return Damage.MISSING if self._scan is not None and self._scan.last_commit else None
        if self._header is None:
            return Damage.HEADER
        return Damage.TRUNCATED if self._is_short(self._header) else None

    def pages(self) -> Pages:
        """Return the pages to salvage from."""
        return self._pages_of(self._page_size())

    def _pages_of(self, page_size: int) -> Pages:
        if self._scan is None or self._scan.page_size != page_size:
            return Pages(self._main, page_size)
        return Pages(self._main, page_size, self._wal, latest_pages(self._scan, self._verdict))

    def _page_size(self) -> int:
        """The header's, if it is one; otherwise the log's, which its frames prove; otherwise what fits the pages."""
        if self._header is not None:
            return self._header.page_size
        if self._scan is not None and self._scan.last_commit:
            return self._scan.page_size
        guessed = guess_page_size(self._main) if self._main else 0
        return guessed or (self._scan.page_size if self._scan else PAGE_SIZE)

    def _is_short(self, header: DatabaseHeader) -> bool:
        scan = self._scan
        if scan is not None and scan.last_commit and scan.page_size == header.page_size:
            committed: int | None = scan.commit_sizes[scan.last_commit - 1]
        else:
            committed = header.page_count
        if committed is None or committed * header.page_size <= self._main_bytes:
            return False
        return bool(missing_pages(self._pages_of(header.page_size), committed))

    def _has_hot_journal(self) -> bool:
        journal = self._open("-journal")
        return journal is not None and journal.read(1) not in (b"", b"\0")

    def _read_header(self) -> DatabaseHeader | None:
        if self._main is None:
            return None
        self._main.seek(0)
        return read_header(self._main.read(HEADER_BYTES))

    def _open(self, suffix: str) -> BinaryIO | None:
        try:
            return self._stack.enter_context(self._path.with_name(self._path.name + suffix).open("rb"))
        except FileNotFoundError:
            return None
