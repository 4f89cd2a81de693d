"""Conditions as closures. The frequent shapes get one of their own, since they run for every record."""

from typing import Any

from otel_discord.ottl.comparison import OPERATORS, SAME_TYPE
from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.expression import Expression, Predicate
from otel_discord.ottl.values import type_name

_NUMBERS = frozenset((int, float))


def comparison(sign: str, left: Expression, right: Expression) -> Predicate:
    """Return ``left sign right``."""
    if right.is_constant:
        return _with_constant(sign, left, right)
    one, other = left.get, right.get
    compare = SAME_TYPE[sign] if _same_type(left, right) else OPERATORS[sign]
    return lambda item: compare(one(item), other(item))


def _same_type(left: Expression, right: Expression) -> bool:
    if left.kind is None or right.kind is None:
        return False
    if left.kind in _NUMBERS and right.kind in _NUMBERS:
        return True
    return left.kind is right.kind and left.kind in (str, bytes)


def _with_constant(sign: str, left: Expression, right: Expression) -> Predicate:
    get, value = left.get, right.value
    equality = sign in ("==", "!=")
    if value is None and equality:
        return (lambda item: get(item) is None) if sign == "==" else (lambda item: get(item) is not None)
    if _same_type(left, right) or (equality and type(value) is str):  # a string equals nothing but strings
        return _direct(sign, get, value)
    compare = OPERATORS[sign]
    return lambda item: compare(get(item), value)


def _direct(sign: str, get: Any, value: Any) -> Predicate:
    match sign:
        case "==":
            return lambda item: get(item) == value
        case "!=":
            return lambda item: get(item) != value
        case "<":
            return lambda item: get(item) < value
        case "<=":
            return lambda item: get(item) <= value
        case ">":
            return lambda item: get(item) > value
        case _:
            return lambda item: get(item) >= value


def boolean(expression: Expression, name: str) -> Predicate:
    """Return a converter's answer as a condition."""
    get = expression.get

    def holds(item: Any) -> bool:
        answer = get(item)
        if answer is True or answer is False:
            return answer
        raise OttlError(f"{name} gives {type_name(answer)}, where a condition needs a bool")

    return holds


def negated(inner: Predicate) -> Predicate:
    """Return ``not inner``."""
    return lambda item: not inner(item)


def all_of(members: list[Predicate]) -> Predicate:
    """Return ``a and b …``; what follows the first false is not asked."""
    if len(members) == 2:
        first, second = members
        return lambda item: first(item) and second(item)

    def holds(item: Any) -> bool:
        for member in members:  # noqa: SIM110 - a loop is faster than all()
            if not member(item):
                return False
        return True

    return holds


def any_of(members: list[Predicate]) -> Predicate:
    """Return ``a or b …``; what follows the first true is not asked."""
    if len(members) == 2:
        first, second = members
        return lambda item: first(item) or second(item)

    def holds(item: Any) -> bool:
        for member in members:  # noqa: SIM110 - a loop is faster than any()
            if member(item):
                return True
        return False

    return holds
