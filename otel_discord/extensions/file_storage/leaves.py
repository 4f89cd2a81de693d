"""Where rows of our tables may be found in damaged files, oldest first. Bytes only.

Leaves are found by walking from the roots of the tables. Whatever else looks like a leaf and is not known to be free is
read as well: a page on the way to it may be damaged. Its rows are told apart by their checksums.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from otel_discord.extensions.file_storage.btree import Losses, stray_leaves, table_roots, walk_leaves
from otel_discord.extensions.file_storage.database_file import Pages, freelist

_PAGE_BITS: Final = 32
_TABLE_BITS: Final = 8
_FRAME_BITS: Final = 32
NO_TABLE: Final = (1 << _TABLE_BITS) - 1


class Leaf(NamedTuple):
    """A version of a page: as ``frame`` of the log has it, 0 for the main file."""

    number: int
    frame: int
    table: int
    """Which table it was reached from, by its place in the list that was asked for; NO_TABLE: from none."""


class Leaves:
    """Leaves in the order of their age, so that of two versions of a row the newer comes last.

    Kept as one number each: of a file of many gigabytes there are millions.
    """

    def __init__(self) -> None:
        self._packed: list[int] = []
        self.uncertain: set[int] = set()
        """Tables (or NO_TABLE) of which pages may be missing."""

    def add(self, leaf: Leaf) -> None:
        """Take one more leaf."""
        reached = leaf.table != NO_TABLE
        high = (leaf.frame << 1 | reached) << _TABLE_BITS | leaf.table
        self._packed.append(high << _PAGE_BITS | leaf.number)

    def __iter__(self) -> Iterator[Leaf]:
        self._packed.sort()
        for each in self._packed:
            high = each >> _PAGE_BITS
            yield Leaf(
                each & (1 << _PAGE_BITS) - 1,
                high >> _TABLE_BITS + 1 & (1 << _FRAME_BITS) - 1,
                high & (1 << _TABLE_BITS) - 1,
            )


def find_leaves(pages: Pages, tables: Sequence[str], losses: Losses) -> Leaves:
    """Return where the rows of these tables may be."""
    leaves = Leaves()
    visited = bytearray(pages.count + 1)
    roots = table_roots(pages, visited, losses)
    for index, name in enumerate(tables):
        root, walk = roots.get(name), Losses()
        if root is not None:
            for number, _ in walk_leaves(pages, root, visited, walk):
                leaves.add(Leaf(number, pages.frame_of(number), index))
        if root is None or walk.pages:
            leaves.uncertain.add(index)
        losses.add(walk)
    passed, whole = freelist(pages)
    if not whole:
        leaves.uncertain.add(NO_TABLE)
    for number, seen in enumerate(visited):
        passed[number] |= seen
    for number in stray_leaves(pages, passed):
        leaves.add(Leaf(number, pages.frame_of(number), NO_TABLE))
    for frame in pages.strays:
        leaves.uncertain.add(NO_TABLE)
        leaves.add(Leaf(0, frame, NO_TABLE))
    return leaves
