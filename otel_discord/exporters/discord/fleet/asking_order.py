"""In which order a replica asks for what all of them want to know, so that two seldom ask for the same at once.

Each begins somewhere and goes on from there, in an order that is the same for all. Where it meets what is known, which
is where another one began, it goes on somewhere else. So it comes up behind nobody, and nobody has to claim anything.
Pure: ``dice`` say where, and should fall otherwise for each replica.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random


@dataclass(slots=True)
class AskingOrder:
    """Of one replica. ``wanted`` is sorted, ``is_known`` says whether any replica knows one meanwhile."""

    wanted: Sequence[str]
    is_known: Callable[[str], bool]
    dice: Random
    _taken: set[str] = field(default_factory=set)
    _at: int = -1
    """Where the last one was; -1 at first."""

    def take(self) -> str | None:
        """Return which to ask for now, each once; None where there is none left."""
        if self._at >= 0:
            self._at = (self._at + 1) % len(self.wanted)
        if self._at < 0 or not self._is_open(self.wanted[self._at]):
            left = [index for index, each in enumerate(self.wanted) if self._is_open(each)]
            if not left:
                return None
            self._at = self.dice.choice(left)
        found = self.wanted[self._at]
        self._taken.add(found)
        return found

    def _is_open(self, one: str) -> bool:
        return one not in self._taken and not self.is_known(one)
