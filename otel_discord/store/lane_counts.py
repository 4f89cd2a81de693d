"""How many cards each lane holds, so that who asks often need not ask the database. Pure.

Whatever is stored must be told here in the order in which it was stored, and so must what was read.
"""

from collections.abc import Mapping


class LaneCounts:
    """The counts of all lanes, once they have been read."""

    def __init__(self) -> None:
        self._counts: dict[str, int] | None = None

    def known(self) -> Mapping[str, int] | None:
        """Return how many cards each lane holds; None where the database must be asked."""
        return None if self._counts is None else dict(self._counts)

    def read(self, counts: Mapping[str, int]) -> None:
        """Say what was read."""
        self._counts = dict(counts)

    def read_lane(self, lane: str, count: int) -> None:
        """Say how many cards of one lane were read, where they were all of it: rows may have been lost by damage."""
        if self._counts is not None:
            self._change(lane, count - self._counts.get(lane, 0))

    def came(self, cards: Mapping[str, int]) -> None:
        """Say how many cards came to each lane."""
        for lane, count in cards.items():
            self._change(lane, count)

    def left(self, cards: Mapping[str, int]) -> None:
        """Say how many cards left each lane. What cannot be (a row's lane was damaged) makes the counts unknown."""
        for lane, count in cards.items():
            self._change(lane, -count)

    def _change(self, lane: str, by: int) -> None:
        if self._counts is None:
            return
        count = self._counts.get(lane, 0) + by
        if count < 0:
            self._counts = None
        elif count:
            self._counts[lane] = count
        else:
            self._counts.pop(lane, None)
