"""How many alerts that go on may say how they stand: so many a second, all rules together. Pure."""

from dataclasses import dataclass

_NS = 1_000_000_000


@dataclass(slots=True)
class Pace:
    """What is not used is saved up, to ``most``."""

    per_s: float = 100.0
    most: int = 500
    _left: float = 0.0
    _at_ns: int = 0

    def allowed(self, now_ns: int) -> int:
        """Return how many may be told now."""
        passed_s = max(0, now_ns - self._at_ns) / _NS
        self._left = min(self.most, self._left + passed_s * self.per_s)
        self._at_ns = now_ns
        return int(self._left)

    def use(self) -> None:
        """Note that one is told."""
        self._left -= 1
