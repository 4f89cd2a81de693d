"""The page size of a database whose header is gone, from what its pages look like. Bytes only."""

import struct
from typing import BinaryIO, Final

from otel_discord.extensions.file_storage.btree import local_bytes, read_varint
from otel_discord.extensions.file_storage.database_file import is_table_leaf
from otel_discord.extensions.file_storage.wal_file import PAGE_SIZES

_SAMPLED_PAGES: Final = 512


def guess_page_size(file: BinaryIO) -> int:
    """Return the page size at which most of the file is leaves of tables filled to their ends; 0 where nothing is.

    SQLite fills a page from its end, so the cell that came first ends where the page does: a page read as part of a
    larger one, or a larger one read in parts, gives itself away. Pages are sampled over the whole file.
    """
    end = file.seek(0, 2)
    best = (0, 0)
    for size in PAGE_SIZES:
        pages = end // size
        step = max(1, pages // _SAMPLED_PAGES)
        found = 0
        for number in range(0, pages, step):
            file.seek(number * size)
            page = file.read(size)
            found += is_table_leaf(page, size) and _is_filled_to_its_end(page)
        best = max(best, (found * step * size, size) if found else (0, 0))
    return best[1]


def _is_filled_to_its_end(page: bytes) -> bool:
    cells = struct.unpack_from(">H", page, 3)[0]
    return any(_cell_end(page, offset) == len(page) for offset in struct.unpack_from(f">{cells}H", page, 8))


def _cell_end(page: bytes, cell: int) -> int:
    try:
        payload_bytes, offset = read_varint(page, cell)
        _, offset = read_varint(page, offset)
    except IndexError:
        return -1
    local = local_bytes(payload_bytes, len(page))
    return offset + local + (4 if local < payload_bytes else 0)
