"""How long a benchmark runs."""

from enum import StrEnum


class Size(StrEnum):
    """``tiny`` shows that a benchmark works and says nothing about speed; ``full`` is what is stored."""

    TINY = "tiny"
    FULL = "full"

    def pick(self, *, tiny: int, full: int) -> int:
        """Return the number for this size."""
        return tiny if self is Size.TINY else full
