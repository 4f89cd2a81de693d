"""What waits of one severity range: in order, and by kind. Every step costs the same, however much waits.

Order is a chain of its own, not an ordered map, and kinds are spread over many small maps: a large map that grows would
now and then hold up for a millisecond the thread that logs.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from otel_discord.sdk.snapshot import Snapshot

Kind: TypeAlias = tuple[Any, ...]

_SHELVES: Final = 32


class Waiting:
    """One snapshot's place between its neighbours in time, and between the nearest of its kind."""

    __slots__ = ("earlier", "kind", "later", "newer", "number", "older", "size", "snapshot")

    def __init__(self, snapshot: Snapshot, size: int, number: int, kind: Kind) -> None:
        self.snapshot = snapshot
        self.size = size
        self.number = number
        """Rises with each that comes, over all ranges."""
        self.kind = kind
        self.earlier: Waiting | None = None
        self.later: Waiting | None = None
        self.older: Waiting | None = None
        self.newer: Waiting | None = None


class _Shelf:
    """Some of the kinds."""

    __slots__ = ("newest", "several")

    def __init__(self) -> None:
        self.newest: dict[Kind, Waiting] = {}
        self.several: dict[Kind, None] = {}


class WaitingRange:
    """What waits of one severity range."""

    __slots__ = ("_latest", "_several_at", "_shelves", "oldest", "several", "size_bytes")

    def __init__(self) -> None:
        self.oldest: Waiting | None = None
        self.size_bytes = 0
        self._latest: Waiting | None = None
        self._shelves = tuple(_Shelf() for _ in range(_SHELVES))
        self.several = 0
        """Of how many kinds more than one waits."""
        self._several_at = 0

    def __iter__(self) -> Iterator[Waiting]:
        """Go from the oldest to the newest. In this direction the chain is whole even in the middle of a change."""
        entry = self.oldest
        while entry is not None:
            following = entry.later
            yield entry
            entry = following

    def newest_of(self, kind: Kind) -> Waiting | None:
        """Return the last that came of a kind."""
        return self._shelves[hash(kind) % _SHELVES].newest.get(kind)

    def add(self, entry: Waiting) -> None:
        """Let one wait after all others."""
        latest = self._latest
        if latest is None:
            self.oldest = entry
        else:
            latest.later = entry
            entry.earlier = latest
        self._latest = entry
        self.size_bytes += entry.size
        kind = entry.kind
        shelf = self._shelves[hash(kind) % _SHELVES]
        older = shelf.newest.get(kind)
        shelf.newest[kind] = entry
        if older is not None:
            older.newer = entry
            entry.older = older
            if older.older is None:
                shelf.several[kind] = None
                self.several += 1

    def pop_oldest(self) -> Waiting:
        """Remove and return the one that came first.

        Raises:
            IndexError: nothing waits.
        """
        entry = self.oldest
        if entry is None:
            raise IndexError("nothing waits")
        self._unchain(entry)
        newer = entry.newer
        if newer is None:
            del self._shelves[hash(entry.kind) % _SHELVES].newest[entry.kind]
        else:  # the oldest of all is the oldest of its kind
            newer.older = entry.newer = None
            if newer.newer is None:
                del self._shelves[hash(entry.kind) % _SHELVES].several[entry.kind]
                self.several -= 1
        return entry

    def fold_two(self) -> Waiting | None:
        """Count the newest of a kind into the one before it and return the one that went; None if no two are alike."""
        if not self.several:
            return None
        while not (shelf := self._shelves[self._several_at]).several:
            self._several_at = (self._several_at + 1) % _SHELVES
        kind = shelf.several.popitem()[0]
        self.several -= 1
        entry = shelf.newest[kind]
        older = entry.older
        if older is None:
            raise AssertionError("several of a kind wait, but the newest is alone")
        shelf.newest[kind] = older
        entry.older = older.newer = None
        if older.older is not None:
            shelf.several[kind] = None
            self.several += 1
        self._unchain(entry)
        count_into(older.snapshot, entry.snapshot)
        return entry

    def _unchain(self, entry: Waiting) -> None:
        earlier, later = entry.earlier, entry.later
        if earlier is None:
            self.oldest = later
        else:
            earlier.later = later
        if later is None:
            self._latest = earlier
        else:
            later.earlier = earlier
        entry.earlier = entry.later = None
        self.size_bytes -= entry.size


def count_into(older: Snapshot, newer: Snapshot) -> None:
    """Let one snapshot stand for another too: with their counts together, the first time and the last."""
    older.last_ns = max(older.time_ns, older.last_ns, newer.time_ns, newer.last_ns)
    older.time_ns = min(older.time_ns, newer.time_ns)
    older.count += newer.count
