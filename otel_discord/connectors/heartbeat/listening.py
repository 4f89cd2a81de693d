"""A clock that stands still while nobody listened: a process that was stopped must not take that for silence. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class Listening:
    """``longest_step_s``: what goes by between two ticks beyond it does not count. ``tick_s`` is that of the latest,
    in the time of the event loop."""

    longest_step_s: float
    tick_s: float
    _before_s: float = 0.0

    def at(self, loop_s: float) -> float:
        """Return the seconds listened up to a moment after the latest tick."""
        return self._before_s + min(max(0.0, loop_s - self.tick_s), self.longest_step_s)

    def tick(self, loop_s: float) -> float:
        """Note that somebody listens; return the seconds listened so far."""
        self._before_s = self.at(loop_s)
        self.tick_s = loop_s
        return self._before_s
