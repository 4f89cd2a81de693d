"""One severity of an alert: a condition that must hold for a while before it counts, and be gone for a while. Pure.

A level is *active* once its condition has held without a break for ``for``; it stays so until the condition (or, with
hysteresis, whatever keeps it up) has been gone for ``keep_firing_for``.
"""

from dataclasses import dataclass
from enum import IntEnum


class Standing(IntEnum):
    """What a value means for a level."""

    CLEAR = 0
    HELD = 1
    """Not met, but not yet back under the line of ``resolve``: what is active stays, what is not does not begin."""
    MET = 2


@dataclass(slots=True)
class Level:
    """Times are nanoseconds of wall time, 0 where there is none."""

    since_ns: int = 0
    """Since when the condition holds, or for an active level: held when it became so."""
    clear_ns: int = 0
    """Since when an active level's condition is gone."""
    is_active: bool = False

    def step(self, standing: Standing, now_ns: int, for_ns: int, keep_ns: int) -> None:
        """Go on to a moment and what holds in it."""
        if not self.is_active:
            if standing is not Standing.MET:
                self.since_ns = 0
                return
            self.since_ns = self.since_ns or now_ns
            self.is_active = now_ns - self.since_ns >= for_ns
            self.clear_ns = 0
            return
        if standing is not Standing.CLEAR:
            self.clear_ns = 0
            return
        self.clear_ns = self.clear_ns or now_ns
        if now_ns - self.clear_ns >= keep_ns:
            self.reset()

    def reset(self) -> None:
        """Be as if nothing had ever held."""
        self.since_ns = self.clear_ns = 0
        self.is_active = False

    @property
    def is_idle(self) -> bool:
        """Whether it is neither active nor on the way to be."""
        return not self.is_active and not self.since_ns


def monotone(standings: list[Standing]) -> list[Standing]:
    """Return the standings, from least to worst severity, so that each level holds where a worse one does."""
    worst = Standing.CLEAR
    found = []
    for standing in reversed(standings):
        worst = max(worst, standing)
        found.append(worst)
    return found[::-1]
