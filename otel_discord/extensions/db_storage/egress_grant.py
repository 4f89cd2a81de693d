"""How much of what Discord allows an address one process gets. Pure.

Fair among those who want more than that. Half of what nobody wants is divided as well, so that a process that had
little to send need not ask first when it has more; the other half stays free for who comes next. What others may still
be using is never given away.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

FLOOR_PER_S: Final = 1.0
"""What one gets who wants nothing, however little there is, so that the first request need not wait."""
_HEADROOM: Final = 1.25
_DISCORD_PER_S: Final = 50.0


@dataclass(frozen=True, slots=True)
class Portion:
    """What one process may be using, and what it wants."""

    counted_per_s: float
    wanted_per_s: float


def grant(mine: Portion, others: Collection[Portion], whole_per_s: float) -> float:
    """Return what a process gets, 0 or more: no more than its fair share, nor than others leave.

    Where all have what they want, it is that and a part of the rest.

    ``mine.counted_per_s`` is not looked at: what is over it now is what it has to give back.
    """
    wants = [_aim(each.wanted_per_s) for each in (mine, *others)]
    whole = _divisible(whole_per_s, len(wants))
    left = whole - sum(each.counted_per_s for each in others)
    return max(0.0, min(fair_level(wants, whole), wants[0] + spare(wants, whole), left))


def counted(using_per_s: float, granted_per_s: float) -> float:
    """Return what others have to leave to a process that is told a rate while it uses another."""
    return max(using_per_s, granted_per_s)


def fair_level(wants: Collection[float], whole: float) -> float:
    """Return the most that each may get so that all together stay within the whole; inf where all get their wish."""
    left, level = whole, math.inf
    for position, want in enumerate(sorted(wants)):
        level = left / (len(wants) - position)
        if want > level:
            return level
        left -= want
    return math.inf


def spare(wants: Collection[float], whole: float) -> float:
    """Return what each gets beyond its wish, where there is something left; else 0."""
    return max(0.0, whole - sum(wants)) / 2 / len(wants)


def _aim(wanted_per_s: float) -> float:
    return max(FLOOR_PER_S, _HEADROOM * wanted_per_s)


def _divisible(whole_per_s: float, processes: int) -> float:
    """Return what may be divided: evenly spaced requests of each may be one more in a second than its rate says."""
    if whole_per_s > _DISCORD_PER_S:
        return whole_per_s
    return min(whole_per_s, max(whole_per_s / 2, _DISCORD_PER_S - processes))
