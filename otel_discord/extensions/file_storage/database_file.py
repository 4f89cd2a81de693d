"""The pages of a SQLite database as they stand now: the main file, with the log's good frames laid over. Bytes only.

Format: https://www.sqlite.org/fileformat2.html. Nothing here trusts a byte of the file.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from otel_discord.extensions.file_storage.wal_audit import NO_LOG, LatestPages
from otel_discord.extensions.file_storage.wal_file import PAGE_SIZES, page_offset

MAGIC: Final = b"SQLite format 3\0"
APPLICATION_ID: Final = 0x4F544451
"""``OTDQ`` in the header of every file of ours."""
HEADER_BYTES: Final = 100
_LARGEST_PAGE_SIZE: Final = 65536
_LEAF_TABLE_PAGE: Final = 0x0D


@dataclass(frozen=True, slots=True)
class DatabaseHeader:
    """What the first 100 bytes say, as far as opening and salvage ask."""

    page_size: int
    reserved_bytes: int
    page_count: int | None
    """None where the header itself says that its count is out of date."""
    first_freelist_page: int
    application_id: int


def read_header(data: bytes) -> DatabaseHeader | None:
    """Return what a database's first bytes say; None where they are not those of a database."""
    if len(data) < HEADER_BYTES or not data.startswith(MAGIC):
        return None
    page_size = struct.unpack_from(">H", data, 16)[0]
    page_size = _LARGEST_PAGE_SIZE if page_size == 1 else page_size
    reserved = data[20]
    # Bytes 21 to 23 are constants of the format.
    if page_size not in PAGE_SIZES or page_size - reserved < 480 or data[21:24] != b"\x40\x20\x20":
        return None
    changes, page_count, freelist = struct.unpack_from(">III", data, 24)
    application_id, valid_for = struct.unpack_from(">I", data, 68)[0], struct.unpack_from(">I", data, 92)[0]
    if reserved and application_id == APPLICATION_ID:
        return None  # we never reserve any: with a bit flipped here SQLite would misread every long row
    count = page_count if page_count and changes == valid_for else None
    return DatabaseHeader(page_size, reserved, count, freelist, application_id)


def is_table_leaf(page: bytes, usable_bytes: int, start: int = 0) -> bool:
    """Return whether a page has the shape of a table's leaf: its cells lie where its header leaves room for them."""
    if len(page) < start + 8 or page[start] != _LEAF_TABLE_PAGE:
        return False
    cells: int
    content: int
    cells, content = struct.unpack_from(">HH", page, start + 3)
    content = content or _LARGEST_PAGE_SIZE
    return cells > 0 and start + 8 + 2 * cells <= content <= usable_bytes


_SLACK_PAGES: Final = 1 << 16
"""How far behind the main file's end a page number is believed."""


class Pages:
    """Reads pages by number (1 is the first): from the log where it has them, otherwise from the main file."""

    def __init__(
        self, main: BinaryIO | None, page_size: int, wal: BinaryIO | None = None, latest: LatestPages = NO_LOG
    ) -> None:
        self._main = main
        self._wal = wal
        self._latest = latest
        self.page_size = page_size
        self.main_pages = (main.seek(0, 2) if main is not None else 0) // page_size
        believed = self.main_pages + len(latest.frames) + _SLACK_PAGES
        self.count = max((number for number in latest.frames if number <= believed), default=0)
        self.count = max(self.count, self.main_pages)
        header = read_header(self.read(1) or b"")
        self.header = header if header is not None and header.page_size == page_size else None
        self.usable_bytes = page_size - (self.header.reserved_bytes if self.header else 0)

    def read(self, number: int) -> bytes | None:
        """Return a page in its newest version; None where there is none or the disk does not give it."""
        return self.read_version(number, self.frame_of(number))

    def read_version(self, number: int, frame: int) -> bytes | None:
        """Return a page as a frame of the log has it; 0: as the main file has it."""
        if frame:
            return self._read(self._wal, page_offset(frame, self.page_size))
        return self._read(self._main, (number - 1) * self.page_size) if number > 0 else None

    def frame_of(self, number: int) -> int:
        """Return how new a page is: the log's frame, 0 for the main file."""
        return self._latest.frames.get(number, 0)

    def older_frame(self, number: int) -> int | None:
        """Return the frame of the version before the newest, where the newest is damaged; None where it is not."""
        return self._latest.older.get(number)

    @property
    def strays(self) -> tuple[int, ...]:
        """Frames of which nobody knows what page they hold."""
        return self._latest.strays

    def has(self, number: int) -> bool:
        """Return whether a page's bytes exist somewhere."""
        return number in self._latest.frames or 1 <= number <= self.main_pages

    def _read(self, source: BinaryIO | None, offset: int) -> bytes | None:
        if source is None:
            return None
        try:
            source.seek(offset)
            page = source.read(self.page_size)
        except OSError:
            return None  # a bad sector is one more kind of damage
        return page if len(page) == self.page_size else None


def freelist(pages: Pages) -> tuple[bytearray, bool]:
    """Return a map of the pages that hold nothing (1 at their number), and whether the list was readable to its end."""
    free = bytearray(pages.count + 1)
    if pages.header is None:
        return free, False
    number, slots = pages.header.first_freelist_page, pages.usable_bytes // 4 - 2
    while number:
        page = pages.read(number) if number <= pages.count and not free[number] else None
        if page is None:
            return free, False
        free[number] = 1
        number, leaves = struct.unpack_from(">II", page)
        if leaves > slots:
            return free, False
        for leaf in struct.unpack_from(f">{leaves}I", page, 8):
            if not 1 <= leaf <= pages.count:
                return free, False
            free[leaf] = 1
    return free, True


def missing_pages(pages: Pages, committed_pages: int) -> "array[int]":
    """Return which pages of a database of ``committed_pages`` exist nowhere although they should hold something."""
    lacking = array("I", (n for n in _beyond(pages, committed_pages) if not pages.has(n)))
    if not lacking:
        return lacking
    free, _ = freelist(pages)
    return array("I", (number for number in lacking if number >= len(free) or not free[number]))


def _beyond(pages: Pages, committed_pages: int) -> Iterator[int]:
    """The numbers behind the main file's end; of a size that nothing supports, one is enough to say so."""
    last = min(committed_pages, pages.main_pages + pages.count + _SLACK_PAGES)
    return iter(range(pages.main_pages + 1, last + 1))
