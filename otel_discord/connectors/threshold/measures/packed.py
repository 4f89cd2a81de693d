"""Counts in little room: whole numbers, or floats where a merged count is beyond 2**63."""

from array import array
from collections.abc import Sequence


def packed(counts: Sequence[int]) -> Sequence[int]:
    """Return the counts as an array."""
    try:
        return array("q", counts)
    except (OverflowError, TypeError):  # too big, or floats already
        return array("d", counts)  # type: ignore[return-value]  # whole numbers still, though not to the last digit
