"""Tables of a SQLite file, read by hand: cells, records, overflow chains, the walk from a root. Pure, and fearless.

Whatever the bytes say, these functions end and raise nothing: what cannot be read is counted and passed over.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.extensions.file_storage.database_file import HEADER_BYTES, Pages, is_table_leaf

MAX_ROW_BYTES: Final = 320 << 20
"""Beyond what a payload may be (``store.frame``), with room for the other columns."""
MAX_COLUMNS: Final = 64
_LEAF: Final = 0x0D
_INTERIOR: Final = 0x05
_INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}

Record = tuple[Any, ...]


@dataclass(slots=True)
class Losses:
    """What could not be read."""

    pages: int = 0
    cells: int = 0

    def add(self, other: "Losses") -> None:
        """Count what another count has."""
        self.pages += other.pages
        self.cells += other.cells


def read_varint(data: bytes, offset: int) -> tuple[int, int]:
    """Return the number at ``offset`` (64 bits, signed) and where the next byte is.

    Raises:
        IndexError: it goes on behind the end.
    """
    value = 0
    for index in range(offset, offset + 8):
        byte = data[index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, index + 1
    value = value << 8 | data[offset + 8]
    return value - (1 << 64) if value >> 63 else value, offset + 9


def decode_record(payload: bytes) -> Record | None:
    """Return the columns of a record; None where the bytes are not one."""
    try:
        header_bytes, offset = read_varint(payload, 0)
        if not offset <= header_bytes <= len(payload):
            return None
        kinds = []
        while offset < header_bytes:
            kind, offset = read_varint(payload, offset)
            kinds.append(kind)
            if len(kinds) > MAX_COLUMNS:
                return None
        if offset != header_bytes:
            return None
        columns = []
        for kind in kinds:
            value, offset = _column(payload, offset, kind)
            columns.append(value)
    except (IndexError, ValueError, struct.error):
        return None
    return tuple(columns) if offset == len(payload) else None


def _column(payload: bytes, offset: int, kind: int) -> tuple[Any, int]:
    if kind == 0:
        return None, offset
    if kind in (8, 9):
        return kind - 8, offset
    size = 8 if kind == 7 else _INTEGER_BYTES.get(kind, (kind - 12) // 2)
    end = offset + size
    if kind < 0 or kind in (10, 11) or end > len(payload):
        raise ValueError("not a column")
    if kind == 7:
        return struct.unpack_from(">d", payload, offset)[0], end
    data = payload[offset:end]
    if kind in _INTEGER_BYTES:
        return int.from_bytes(data, "big", signed=True), end
    return (data if kind % 2 == 0 else data.decode("utf-8")), end


def leaf_records(pages: Pages, number: int, page: bytes) -> Iterator[tuple[int | None, Record | None]]:
    """Go through the rows of a table's leaf: row number and columns; None for what cannot be read."""
    start = HEADER_BYTES if number == 1 else 0
    offsets, lost = _cell_offsets(page, start, 8, pages.usable_bytes)
    for _ in range(lost):
        yield None, None
    for cell in offsets:
        try:
            payload_bytes, offset = read_varint(page, cell)
            row_number, offset = read_varint(page, offset)
        except IndexError:
            yield None, None
            continue
        payload = _payload(pages, page, offset, payload_bytes)
        yield row_number, decode_record(payload) if payload is not None else None


def _cell_offsets(page: bytes, start: int, header_bytes: int, usable: int) -> tuple[list[int], int]:
    """Return where a page's cells begin, and how many of them are nowhere."""
    count = struct.unpack_from(">H", page, start + 3)[0]
    first = start + header_bytes
    fitting = min(count, (usable - first) // 2)
    offsets = struct.unpack_from(f">{fitting}H", page, first)
    good = [offset for offset in offsets if first + 2 * fitting <= offset < usable]
    return good, fitting - len(good)


def _payload(pages: Pages, page: bytes, offset: int, payload_bytes: int) -> bytes | None:
    """Return a row's bytes, from its cell and, where it is long, its chain of overflow pages."""
    usable = pages.usable_bytes
    if not 0 <= payload_bytes <= min(MAX_ROW_BYTES, pages.count * usable):
        return None
    local = local_bytes(payload_bytes, usable)
    if offset + local > usable:
        return None
    if local == payload_bytes:
        return page[offset : offset + local]
    if offset + local + 4 > usable:
        return None
    parts, left = [page[offset : offset + local]], payload_bytes - local
    following = struct.unpack_from(">I", page, offset + local)[0]
    while left > 0:  # ends: each turn takes what it reads away from a bounded number
        overflow = pages.read(following) if following else None
        if overflow is None:
            return None
        following = struct.unpack_from(">I", overflow)[0]
        part = overflow[4 : min(usable, 4 + left)]
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def local_bytes(payload_bytes: int, usable: int) -> int:
    """Return how many of a row's bytes are in its cell; the rest is in overflow pages."""
    most = usable - 35
    if payload_bytes <= most:
        return payload_bytes
    least = (usable - 12) * 32 // 255 - 23
    local = least + (payload_bytes - least) % (usable - 4)
    return local if local <= most else least


def walk_leaves(pages: Pages, root: int, visited: bytearray, losses: Losses) -> Iterator[tuple[int, bytes]]:
    """Go through the leaves of a table from its root: number and bytes.

    ``visited`` has a byte for each page, is kept up, and guards against circles.
    """
    waiting = [root]
    while waiting:
        number = waiting.pop()
        if not 1 <= number < len(visited) or visited[number]:
            losses.pages += 1
            continue
        visited[number] = 1
        page = pages.read(number)
        start = HEADER_BYTES if number == 1 else 0
        kind = page[start] if page is not None else None
        if page is not None and kind == _LEAF:
            yield number, page
        elif page is not None and kind == _INTERIOR:
            children, lost = _children(page, start, pages.usable_bytes)
            losses.pages += lost + (pages.older_frame(number) is not None)
            waiting.extend(reversed(children))
        else:
            losses.pages += 1


def _children(page: bytes, start: int, usable: int) -> tuple[list[int], int]:
    offsets, lost = _cell_offsets(page, start, 12, usable)
    cells = [cell for cell in offsets if cell + 4 <= len(page)]
    children = [struct.unpack_from(">I", page, cell)[0] for cell in cells]
    return [*children, struct.unpack_from(">I", page, start + 8)[0]], lost + len(offsets) - len(cells)


def table_roots(pages: Pages, visited: bytearray, losses: Losses) -> dict[str, int]:
    """Return the root page of each table, by its name, as far as the schema on page 1 can be read."""
    roots: dict[str, int] = {}
    if pages.header is None:
        return roots
    for number, page in walk_leaves(pages, 1, visited, losses):
        for _, record in leaf_records(pages, number, page):
            match record:
                case ("table", str(), str(name), int(root), *_):
                    roots[name] = root
                case _:
                    losses.cells += record is None
    return roots


def stray_leaves(pages: Pages, passed: bytearray) -> Iterator[int]:
    """Go through the numbers of pages that nobody has ``passed`` and that look like a table's leaf."""
    for number in range(2, pages.count + 1):
        page = pages.read(number) if not passed[number] else None
        if page is not None and is_table_leaf(page, pages.usable_bytes):
            yield number
