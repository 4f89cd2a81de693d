"""How two values compare. Rules: the table "Comparison Rules" of the Collector's language.

Numbers compare by their value; false is less than true; times with times, durations with durations. Values of
different types are different, and none is less than the other. Lists and maps are equal or not, nothing else.
"""

import operator
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.values import Duration, Timestamp

Comparator: TypeAlias = Callable[[Any, Any], bool]

_NUMBERS: Final = frozenset((int, float))
_ORDERED: Final = frozenset((bool, int, float, str, bytes, Timestamp, Duration))
_MAX_DEPTH: Final = 200


def equal(left: Any, right: Any, depth: int = 0) -> bool:
    """Return whether two values are equal.

    Raises:
        OttlError: nested too deep to tell.
    """
    kind = type(left)
    if kind is not type(right):
        return kind in _NUMBERS and type(right) in _NUMBERS and left == right
    if kind is not list and kind is not dict:
        return bool(left == right)
    if depth > _MAX_DEPTH:
        raise OttlError(f"nested deeper than {_MAX_DEPTH} levels")
    if len(left) != len(right):
        return False
    if kind is list:
        return all(equal(one, other, depth + 1) for one, other in zip(left, right, strict=True))
    return all(key in right and equal(one, right[key], depth + 1) for key, one in left.items())


def different(left: Any, right: Any) -> bool:
    """Return whether two values are not equal."""
    return not equal(left, right)


def _ordering(holds: Comparator, *, holds_for_nil: bool) -> Comparator:
    def compare(left: Any, right: Any) -> bool:
        kind, other = type(left), type(right)
        if kind is other:
            if kind in _ORDERED:
                return holds(left, right)
            return holds_for_nil and left is None
        return kind in _NUMBERS and other in _NUMBERS and holds(left, right)

    return compare


OPERATORS: Final[dict[str, Comparator]] = {
    "==": equal,
    "!=": different,
    "<": _ordering(operator.lt, holds_for_nil=False),
    "<=": _ordering(operator.le, holds_for_nil=True),
    ">": _ordering(operator.gt, holds_for_nil=False),
    ">=": _ordering(operator.ge, holds_for_nil=True),
}
"""By their signs, for values of any type."""

SAME_TYPE: Final[dict[str, Comparator]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""By their signs, for two numbers, or two values of one scalar type."""
