"""What a SQLite write-ahead log holds, frame by frame, also where SQLite itself stops reading. Pure over one open file.

SQLite reads frames while their salts are the header's and their cumulative checksums hold, up to the last commit
(https://www.sqlite.org/fileformat2.html#walformat). Each frame stores the checksum up to itself, so that frames behind
a damaged one can still be verified: from the checksum that its predecessor stores.
"""

import struct
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import BinaryIO, Final

HEADER_BYTES: Final = 32
FRAME_HEADER_BYTES: Final = 24
PAGE_SIZES: Final = tuple(1 << bits for bits in range(9, 17))
_MAGIC: Final = {0x377F0682: "<", 0x377F0683: ">"}
_VERSION: Final = 3007000
_MASK: Final = 0xFFFFFFFF
_NO_PAGE: Final = bytes(4)
_MOST_CORRECTIONS: Final = 16
"""Each costs as much as reading 64 frames."""

Sums = tuple[int, int]


class FrameState(IntEnum):
    """What is known of one frame."""

    SOUND = 0
    """SQLite reads it: salts and the chain of checksums hold from the beginning on."""
    VERIFIED = 1
    """Behind the first bad frame, and unharmed by the checksum that its predecessor stores."""
    DAMAGED = 2
    """It carries the salts of this log, and its checksum does not hold."""
    STALE = 3
    """Left over from the log's earlier use, or nothing that can be told."""


@dataclass(slots=True)
class WalScan:
    """The frames of one log, in order; frame 1 is at index 0."""

    page_size: int
    salts: bytes
    header_sound: bool
    page_numbers: "array[int]" = field(default_factory=lambda: array("I"))
    commit_sizes: "array[int]" = field(default_factory=lambda: array("I"))
    """Pages in the database after the commit that the frame ends; 0 for the others."""
    states: bytearray = field(default_factory=bytearray)
    sound_frames: int = 0
    """How many frames from the beginning on are SOUND."""
    last_commit: int = 0
    """Frames that SQLite takes: up to the last commit among the sound ones."""

    def __len__(self) -> int:
        return len(self.states)


def add_sums(sums: Sums, data: bytes, byte_order: str) -> Sums:
    """Return the cumulative checksum of the WAL format after ``data`` (a multiple of 8 bytes)."""
    first, second = sums
    for word in struct.unpack(f"{byte_order}{len(data) // 4}I", data):
        first, second = second, (first + second + word) & _MASK
    return first, second


def scan_wal(file: BinaryIO, page_size_hint: int = 0) -> WalScan | None:
    """Return what the log holds; None where there is not even room for one frame.

    ``page_size_hint`` is the database's page size, for a log whose header is damaged. Memory: 9 bytes a frame.
    """
    file.seek(0)
    header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    magic, version, page_size = struct.unpack(">III", header[:12])
    stored = struct.unpack(">II", header[24:])
    byte_order = _MAGIC.get(magic)
    computed = add_sums((0, 0), header[:24], byte_order or "<")
    sound = byte_order is not None and version == _VERSION and page_size in PAGE_SIZES and stored == computed
    if sound:
        scan = WalScan(page_size, header[16:24], header_sound=True)
        _read_frames(file, scan, [stored], byte_order or "<")
        return scan if len(scan) else None
    return _scan_headless(file, [stored, computed], byte_order, page_size, page_size_hint)


def _scan_headless(
    file: BinaryIO, starts: list[Sums], byte_order: str | None, page_size: int, page_size_hint: int
) -> WalScan | None:
    """Read a log with a damaged header: its salts are those of its first frame, its page size the one that fits."""
    fitting = page_size if page_size in PAGE_SIZES else page_size_hint
    sizes = [fitting] if fitting in PAGE_SIZES else list(PAGE_SIZES)
    best: WalScan | None = None
    for size in sizes:
        file.seek(HEADER_BYTES)
        first = file.read(FRAME_HEADER_BYTES)
        if len(first) < FRAME_HEADER_BYTES or len(file.read(size)) < size:
            continue
        second = file.read(FRAME_HEADER_BYTES)
        if len(second) == FRAME_HEADER_BYTES and second[8:16] != first[8:16] and len(sizes) > 1:
            continue
        for order in [byte_order] if byte_order else ["<", ">"]:
            scan = WalScan(size, first[8:16], header_sound=False)
            _read_frames(file, scan, starts, order)
            if best is None or _verified(scan) > _verified(best):
                best = scan
    return best


def _verified(scan: WalScan) -> int:
    return scan.states.count(FrameState.SOUND) + scan.states.count(FrameState.VERIFIED)


def _read_frames(file: BinaryIO, scan: WalScan, starts: list[Sums], byte_order: str) -> None:
    """Judge every whole frame. ``starts`` are the checksums with which the first may begin."""
    before, current, unbroken = starts, True, scan.header_sound
    corrections_left = _MOST_CORRECTIONS
    for header, read_page in _frames(file, scan.page_size):
        numbers, stored = header[:8], struct.unpack(">II", header[16:])
        same_salts = header[8:16] == scan.salts
        holds = intact = False
        # A frame with other salts is computed only behind one of this log: its salts alone may be damaged.
        if numbers[:4] != _NO_PAGE and (same_salts or current) and (page := read_page()) is not None:
            intact = holds = _holds(numbers, page, before, stored, byte_order)
            if not holds and same_salts and corrections_left:
                corrections_left -= 1
                numbers, holds = _corrected(numbers, page, before, stored, byte_order)
        unbroken = unbroken and intact and same_salts
        current = same_salts or holds
        if unbroken:
            state = FrameState.SOUND
        elif holds:
            state = FrameState.VERIFIED
        else:
            state = FrameState.DAMAGED if same_salts else FrameState.STALE
        page_number, commit_size = struct.unpack(">II", numbers)
        scan.page_numbers.append(page_number)
        scan.commit_sizes.append(commit_size)
        scan.states.append(state)
        if unbroken:
            scan.sound_frames = len(scan)
            if commit_size:
                scan.last_commit = len(scan)
        before = [stored]


def _holds(numbers: bytes, page: bytes, before: list[Sums], stored: Sums, byte_order: str) -> bool:
    return any(add_sums(add_sums(start, numbers, byte_order), page, byte_order) == stored for start in before)


def _corrected(numbers: bytes, page: bytes, before: list[Sums], stored: Sums, byte_order: str) -> tuple[bytes, bool]:
    """Return the page number and commit size with which the checksum holds, where one flipped bit is all; so that a
    damaged frame whose numbers cannot be put right is known to be damaged in its page."""
    value = int.from_bytes(numbers, "big")
    for bit in range(64):
        candidate = (value ^ 1 << bit).to_bytes(8, "big")
        if _holds(candidate, page, before, stored, byte_order):
            return candidate, True
    return numbers, False


def _frames(file: BinaryIO, page_size: int) -> Iterator[tuple[bytes, Callable[[], bytes | None]]]:
    """Go through the whole frames: the header, and a way to read the page (skipped where nobody asks)."""
    end = file.seek(0, 2)
    offset = HEADER_BYTES

    def read_page() -> bytes | None:
        page = file.read(page_size)
        return page if len(page) == page_size else None

    while offset + FRAME_HEADER_BYTES + page_size <= end:
        file.seek(offset)
        header = file.read(FRAME_HEADER_BYTES)
        if len(header) < FRAME_HEADER_BYTES:
            return
        yield header, read_page
        offset += FRAME_HEADER_BYTES + page_size


def page_offset(frame: int, page_size: int) -> int:
    """Return where the page of a frame (1 is the first) begins in the file."""
    return HEADER_BYTES + (frame - 1) * (FRAME_HEADER_BYTES + page_size) + FRAME_HEADER_BYTES
