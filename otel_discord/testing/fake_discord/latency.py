"""How long things travel: a seeded distribution for the way there and the way back."""

import random
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Latency:
    """Uniform delays in seconds: (least, most) before a request arrives and before its answer is back."""

    there_s: tuple[float, float] = (0.0, 0.0)
    back_s: tuple[float, float] = (0.0, 0.0)
    seed: int = 0
    _dice: random.Random = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_dice", random.Random(self.seed))

    def draw(self) -> tuple[float, float]:
        """Return the next pair of delays: there, back."""
        return self._dice.uniform(*self.there_s), self._dice.uniform(*self.back_s)


NO_LATENCY = Latency()
