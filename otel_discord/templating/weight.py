"""How much work a value is, before it is compared, sorted or copied. Pure functions."""

from itertools import chain
from typing import Any, Final

ITEMS_OF_A_STEP: Final = 8


def weight(value: Any, most: int) -> int:
    """Return how many items a value has on all its levels, long texts as several; about ``most`` are visited."""
    total, left = 0, [value]
    while left:
        current = left.pop()
        total += len(current) + 1
        if total > most:
            return total + ITEMS_OF_A_STEP
        for item in chain(current, current.values()) if isinstance(current, dict) else current:
            if isinstance(item, str):
                total += len(item) // ITEMS_OF_A_STEP
            elif isinstance(item, (list, tuple, dict)):
                left.append(item)
    return total
