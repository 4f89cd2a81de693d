"""The increase per second: what came in the window, divided by the time in which it came.

Each point covers the time since the one before (delta: since its own start). Where nothing can have come before that,
this *quiet* time counts too, as far as the window goes: before a counter's own start, before the first delta of a
stream, in the gap before a later one, while a process restarted. So one request 0.3 ms before an export is one in a
window, not 3,000 a second, and a burst between gaps is what it is over the window.

What was before the first point of a counter that began long ago (or does not say when) is not known. Such a stream's
rate is that of the time that it covers, which is taken to be no less than a tenth of the window.

Compared with ``increase`` over the same window, and beside what a cell adds (:mod:`tables`):

- one stream whose past is known, with n points in the window: ``rate * window <= increase * (n + 1) / n``, since its
  newest point may be up to one usual distance of points old before that counts; so at most twice;
- several such streams in a group: at most three times;
- a stream whose past is not known: at most ten times, while it covers less of the window than that.

Streams that go on are not rated lower for the phase at which a window meets their points: they cover as much time as
they bring. Streams of one group that report at different moments cover a little more together than each alone, by at
most the distance of two points; so the time is that of the average stream, within that distance of what all cover
together. Once a stream has been silent for longer than usual, its silence counts as far as the window goes.
"""

from typing import Final

from otel_discord.connectors.threshold.measures.tables import Amount, Cells

_AT, _BEGIN, _COUNT, _SUM, _COVERED, _QUIET, _STREAMS = range(7)
_SIZE: Final = 7
_NS: Final = 1e9
_LEAST_PART: Final = 10
"""The shortest time that is divided by is such a part of the window."""


class Rates(Cells):
    """Cells of increases with the time they cover, and how many streams have their newest increase there."""

    __slots__ = ("_window_ns",)

    def __init__(self, cell_ns: int, epoch_ns: int, window_ns: int) -> None:
        super().__init__(cell_ns, epoch_ns, _SIZE)
        self._window_ns = window_ns

    def add(self, amount: Amount, cell_before: int) -> int:
        """Add to the cell's sum and covered time; the stream moves to the newest of its cells."""
        at_ns, begin_ns, _, number, quiet_ns = amount
        index, new = self._row(at_ns)
        rows, begin = self._rows, float(begin_ns - self._epoch_ns)
        rows[index + _BEGIN] = begin if new else min(begin, rows[index + _BEGIN])
        rows[index + _COUNT] += 1
        rows[index + _SUM] += number
        rows[index + _COVERED] += at_ns - begin_ns
        rows[index + _QUIET] += min(quiet_ns, self._window_ns)
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
        """Return the rate; None where no time is known in which anything could have come."""
        rows = self._expire(oldest_ns)
        if not rows:
            return None
        covered, quiet = sum(rows[_COVERED::_SIZE]), sum(rows[_QUIET::_SIZE])
        if not covered and not quiet:
            return None
        window, streams = self._window_ns, max(1.0, sum(rows[_STREAMS::_SIZE]))
        together = rows[-_SIZE] - min(rows[_BEGIN::_SIZE])
        usual = covered / sum(rows[_COUNT::_SIZE])
        each = min(covered / streams, together)
        each += min(quiet / streams, max(0.0, window - each))
        taken = max(each, together - usual)
        silent = oldest_ns + window - self._epoch_ns - rows[-_SIZE]
        taken += min(max(0.0, silent - usual), max(0.0, window - taken))
        return sum(rows[_SUM::_SIZE]) / max(taken, window / _LEAST_PART) * _NS
