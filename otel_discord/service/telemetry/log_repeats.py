"""Which of many equal lines to write. Pure: ``now_s`` is an argument, monotonic seconds."""

from dataclasses import dataclass
from typing import Final, NamedTuple

MOST_KEYS: Final = 1024
"""Kinds of lines remembered at a time; the oldest makes room."""


class LineKey(NamedTuple):
    """What makes two lines equal: who says it, how severe, and the text before its values are put in."""

    logger: str
    level: int
    template: str


class Suppressed(NamedTuple):
    """How many lines of a kind were left out in the window that has ended."""

    key: LineKey
    lines: int


@dataclass(slots=True)
class _Window:
    started_s: float
    seen: int = 0
    suppressed: int = 0


class LogRepeats:
    """The first ``initial`` lines of a kind in each ``tick_s`` pass, then every ``thereafter``-th; 0: none."""

    def __init__(self, *, tick_s: float, initial: int, thereafter: int) -> None:
        self._tick_s = tick_s
        self._initial = initial
        self._thereafter = thereafter
        self._windows: dict[LineKey, _Window] = {}  # oldest start first

    def admit(self, key: LineKey, now_s: float) -> bool:
        """Return whether to write this line. Call :meth:`ended` before, or ended windows are forgotten."""
        window = self._windows.get(key)
        if window is None or now_s - window.started_s >= self._tick_s:
            self._windows.pop(key, None)
            window = self._windows[key] = _Window(now_s)
        window.seen += 1
        beyond = window.seen - self._initial
        if beyond <= 0 or (self._thereafter and beyond % self._thereafter == 0):
            return True
        window.suppressed += 1
        return False

    def ended(self, now_s: float) -> list[Suppressed]:
        """Forget windows that have ended, or are too many, and return what they left out."""
        summaries = []
        while self._windows:
            key, window = next(iter(self._windows.items()))
            if now_s - window.started_s < self._tick_s and len(self._windows) <= MOST_KEYS:
                break
            del self._windows[key]
            if window.suppressed:
                summaries.append(Suppressed(key, window.suppressed))
        return summaries
