"""Where snapshots wait for the sender: bounded in records and bytes, and what must give way gives way in order.

Pure and not thread-safe: its owner holds a lock. What is full first counts like into like, and then loses the oldest of
the lowest severity range. A call does a bounded amount of work, however much waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from otel_discord.sdk.freeze import weight
from otel_discord.sdk.lightening import LEAST_BYTES, LIGHT_BYTES, lighten
from otel_discord.sdk.snapshot import Snapshot
from otel_discord.sdk.waiting import Kind, Waiting, WaitingRange, count_into

_MOST_STEPS: Final = 32  # records that give way to one: each counts 768 bytes at least, so enough for a light one
_NEARLY_BYTES: Final = 1024
_FATAL: Final = 6
_HIGHEST: Final = 24
_RANGE_STARTS: Final = (0, 1, 5, 9, 13, 17, 21)
_RANGE_OF: Final = (0, *(1 + number // 4 for number in range(_HIGHEST)))
_LONG_CHARS: Final = 1024
_HALF_CHARS: Final = _LONG_CHARS // 2


@dataclass(frozen=True, slots=True)
class Losses:
    """What had to give way since it was last asked for."""

    by_severity: Mapping[int, int]
    """Lowest number of a severity range (0 for unspecified) → how many records."""
    since_ns: int
    until_ns: int

    @property
    def total(self) -> int:
        """How many records."""
        return sum(self.by_severity.values())


class Buffer:
    """Snapshots waiting: FATAL leaves first, all others as they came. A snapshot belongs to the buffer once put."""

    unit: Final = "records"

    def __init__(self, max_records: int, max_bytes: int) -> None:
        """Take at most so many snapshots, of at most so many bytes together.

        Raises:
            ValueError: a bound is below 1.
        """
        if max_records < 1 or max_bytes < 1:
            raise ValueError("a buffer must have room for a record")
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._ranges = tuple(WaitingRange() for _ in _RANGE_STARTS)
        self._records = 0
        self._size_bytes = 0
        self._number = 0
        self._lost: dict[int, int] = {}
        self._lost_since_ns = 0
        self._lost_until_ns = 0

    def __len__(self) -> int:
        """How many snapshots wait; each may stand for several records."""
        return self._records

    @property
    def size_bytes(self) -> int:
        """About how many bytes wait."""
        return self._size_bytes

    @property
    def is_full(self) -> bool:
        """Whether there is no room for one more snapshot of 1 KiB."""
        return self._records >= self._max_records or self._size_bytes + _NEARLY_BYTES > self._max_bytes

    def put(self, snapshot: Snapshot) -> None:
        """Let a snapshot wait; when full, in the stead of what matters less, or counted into one of its kind.

        One that is too large for what may give way to it loses its large values, see ``lighten``.
        """
        size = snapshot.size_bytes
        if size <= 0:
            size = snapshot.size_bytes = weight(snapshot)
        if size < LEAST_BYTES:
            size = LEAST_BYTES
        rank = _rank(snapshot.severity)
        kind = _kind_of(snapshot) or (self._number,)
        if self._records >= self._max_records or self._size_bytes + size > self._max_bytes:
            like = self._ranges[rank].newest_of(kind)
            if like is not None:
                count_into(like.snapshot, snapshot)
                return
            if not self._make_room(snapshot, rank):
                self._lose(snapshot)
                return
            size = _size(snapshot)
        self._number += 1
        self._ranges[rank].add(Waiting(snapshot, size, self._number, kind))
        self._records += 1
        self._size_bytes += size

    def take(self, most: int) -> list[Snapshot]:
        """Remove and return at most so many snapshots: FATAL first, all others in the order in which they came."""
        taken: list[Snapshot] = []
        self._take_from([self._ranges[_FATAL]], most, taken)
        self._take_from([each for each in self._ranges[:_FATAL] if each.oldest is not None], most, taken)
        return taken

    def let_go(self) -> int:
        """Forget all; return how many records that were."""
        return sum(each.count for each in self.take(len(self)))

    def take_losses(self) -> Losses | None:
        """Return what was lost since the last call; None if nothing was."""
        if not self._lost:
            return None
        lost, self._lost = self._lost, {}
        return Losses(lost, self._lost_since_ns, self._lost_until_ns)

    def mended(self) -> "Buffer":
        """Return a buffer in order with all that waits here, after an exception has left a change half done."""
        made = Buffer(self._max_records, self._max_bytes)
        made._lost, made._lost_since_ns, made._lost_until_ns = self._lost, self._lost_since_ns, self._lost_until_ns
        for entry in sorted((entry for of_range in self._ranges for entry in of_range), key=_number):
            made.put(entry.snapshot)
        return made

    def _take_from(self, ranges: list[WaitingRange], most: int, taken: list[Snapshot]) -> None:
        """Take the oldest again and again; the ranges hold something or are alone."""
        while len(taken) < most and ranges:
            oldest = ranges[0] if len(ranges) == 1 else min(ranges, key=_first_number)
            if oldest.oldest is not None:
                taken.append(self._remove_oldest(oldest).snapshot)
            if oldest.oldest is None:
                ranges.remove(oldest)

    def _remove_oldest(self, of_range: WaitingRange) -> Waiting:
        entry = of_range.pop_oldest()
        self._records -= 1
        self._size_bytes -= entry.size
        return entry

    def _make_room(self, snapshot: Snapshot, rank: int) -> bool:
        """Fold, then lose what is lowest and oldest, until the snapshot fits; False if it must be lost itself."""
        if snapshot.size_bytes > self._max_bytes:
            lighten(snapshot, self._max_bytes)
        for step in count():
            if step == _MOST_STEPS and snapshot.size_bytes > LIGHT_BYTES:
                lighten(snapshot, LIGHT_BYTES)
            if self._records < self._max_records and self._size_bytes + _size(snapshot) <= self._max_bytes:
                break
            if not self._fold_two() and not self._lose_lowest(snapshot, rank):
                return False
        return True

    def _fold_two(self) -> bool:
        for of_range in self._ranges:
            gone = of_range.fold_two() if of_range.several else None
            if gone is not None:
                self._size_bytes -= gone.size
                self._records -= 1
                return True
        return False

    def _lose_lowest(self, snapshot: Snapshot, rank: int) -> bool:
        """Lose one to the newcomer, or lighten it; False if none may go, or if all of them would not do."""
        for lowest in self._ranges[: rank + 1]:
            if lowest.oldest is not None:
                break
        else:
            return False
        size, free = _size(snapshot), self._max_bytes - self._size_bytes
        if size > free + lowest.oldest.size:  # more than one would have to go: only where that helps
            room = free + sum(of_range.size_bytes for of_range in self._ranges[: rank + 1])
            if size > room:
                lighten(snapshot, room)
                return _size(snapshot) <= room  # it may fit now
        self._lose(self._remove_oldest(lowest).snapshot)
        return True

    def _lose(self, snapshot: Snapshot) -> None:
        until_ns = max(snapshot.time_ns, snapshot.last_ns)
        if not self._lost:
            self._lost_since_ns, self._lost_until_ns = snapshot.time_ns, until_ns
        start = _RANGE_STARTS[_rank(snapshot.severity)]
        self._lost[start] = self._lost.get(start, 0) + snapshot.count
        self._lost_since_ns = min(self._lost_since_ns, snapshot.time_ns)
        self._lost_until_ns = max(self._lost_until_ns, until_ns)


def _rank(severity: int) -> int:
    return _RANGE_OF[severity] if 0 <= severity <= _HIGHEST else 0


def _number(entry: Waiting) -> int:
    return entry.number


def _first_number(of_range: WaitingRange) -> int:
    return of_range.oldest.number if of_range.oldest is not None else 0


def _size(snapshot: Snapshot) -> int:
    return max(snapshot.size_bytes, LEAST_BYTES)


def _kind_of(snapshot: Snapshot) -> Kind | None:
    """Return what snapshots of one kind have in common; None for one that does not say in words what it is about."""
    about: Any = snapshot.template or snapshot.body
    if type(about) is not str:
        about = None
    elif len(about) > _LONG_CHARS:  # a look at all of it would take its time
        about = (about[:_HALF_CHARS], about[-_HALF_CHARS:], len(about))
    error = snapshot.exception
    if error is not None:
        return (snapshot.scope, snapshot.severity, snapshot.event_name, about, error.module, error.name)
    if not about and not snapshot.event_name:
        return None
    return (snapshot.scope, snapshot.severity, snapshot.event_name, about)
