"""Sums and products. An int with a float gives a float; times and durations can be added and subtracted.

Unlike the Collector, a result beyond 64 bits is an error and does not wrap around.
"""

import operator
from collections.abc import Callable
from typing import Any, Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.values import Duration, Timestamp, Value, a_type, bounded_int, type_name

_NUMBERS: Final = frozenset((int, float))
_TIMES: Final[dict[tuple[str, type, type], type]] = {
    ("+", Timestamp, Duration): Timestamp,
    ("+", Duration, Timestamp): Timestamp,
    ("+", Duration, Duration): Duration,
    ("-", Timestamp, Timestamp): Duration,
    ("-", Timestamp, Duration): Timestamp,
    ("-", Duration, Duration): Duration,
}
_ON_NUMBERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}


def calculate(sign: str, left: Value, right: Value) -> Value:
    """Return ``left sign right``.

    Raises:
        OttlError: types that do not go together, division by zero, a result beyond 64 bits.
    """
    kind, other = type(left), type(right)
    if kind in _NUMBERS and other in _NUMBERS:
        return _numbers(sign, left, right)
    result = _TIMES.get((sign, kind, other))
    if result is None:
        raise OttlError(f"{type_name(left)} {sign} {type_name(right)} cannot be calculated")
    ns: int = _ON_NUMBERS[sign](left.ns, right.ns)  # type: ignore[union-attr]
    made: Value = result(bounded_int(ns))
    return made


def negative(value: Value) -> Value:
    """Return ``-value``; raises as :func:`calculate`."""
    match value:
        case bool():
            pass
        case int():
            return bounded_int(-value)
        case float():
            return -value
        case Duration():
            return Duration(bounded_int(-value.ns))
        case _:
            pass
    raise OttlError(f"there is no negative of {a_type(value)}")


def _numbers(sign: str, left: Any, right: Any) -> Value:
    if sign == "/" and right == 0:
        raise OttlError("division by zero")
    if isinstance(left, float) or isinstance(right, float):
        return float(_ON_NUMBERS[sign](float(left), float(right)))
    if sign == "/":  # towards zero
        quotient = abs(left) // abs(right)
        return bounded_int(quotient if (left < 0) == (right < 0) else -quotient)
    return bounded_int(_ON_NUMBERS[sign](left, right))
