"""The increase per second: what came, divided by the time that it covers.

One stream's points each cover the time since the one before (delta: since their start), so its rate is the exact
average from the begin of the oldest to the end of the newest, without extrapolation to the ends of the window.
Streams of one group that report at different moments cover a little more together than each alone, by at most the
distance of two points; so the time is that of the average stream, within that distance of what all cover together.
"""

from typing import Final

from otel_discord.connectors.threshold.measures.tables import Amount, Cells

_AT, _BEGIN, _COUNT, _SUM, _COVERED, _STREAMS = range(6)
_SIZE: Final = 6
_NS: Final = 1e9


class Rates(Cells):
    """Cells of increases with the time they cover, and how many streams have their newest increase there."""

    __slots__ = ()

    def __init__(self, cell_ns: int, epoch_ns: int) -> None:
        super().__init__(cell_ns, epoch_ns, _SIZE)

    def add(self, amount: Amount, cell_before: int) -> int:
        """Add to the cell's sum and covered time; the stream moves to the newest of its cells."""
        at_ns, begin_ns, _, number = amount
        index, new = self._row(at_ns)
        rows, begin = self._rows, float(begin_ns - self._epoch_ns)
        rows[index + _BEGIN] = begin if new else min(begin, rows[index + _BEGIN])
        rows[index + _COUNT] += 1
        rows[index + _SUM] += number
        rows[index + _COVERED] += at_ns - begin_ns
        cell = (at_ns - self._epoch_ns) // self._cell_ns
        if cell > cell_before:
            rows[index + _STREAMS] += 1
            self._leave(cell_before)
        return max(cell, cell_before)

    def _leave(self, cell: int) -> None:
        rows = self._rows
        for index in range(len(rows) - _SIZE, -1, -_SIZE):
            found = int(rows[index]) // self._cell_ns
            if found <= cell:
                if found == cell:
                    rows[index + _STREAMS] -= 1
                return

    def value(self, oldest_ns: int) -> float | None:
        """Return the rate; None where no time is covered."""
        rows = self._expire(oldest_ns)
        if not rows:
            return None
        union = rows[-_SIZE] - min(rows[_BEGIN::_SIZE])
        covered = sum(rows[_COVERED::_SIZE])
        usual = covered / sum(rows[_COUNT::_SIZE])
        each = covered / max(1.0, sum(rows[_STREAMS::_SIZE]))
        seconds = min(max(each, union - usual), union) / _NS
        return sum(rows[_SUM::_SIZE]) / seconds if seconds > 0 else None
