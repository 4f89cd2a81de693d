"""What a node becomes: a closure, with what is known of its value beforehand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from otel_discord.ottl.registry import Getter, constant
from otel_discord.ottl.values import Value

Predicate: TypeAlias = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Expression:
    """``kind`` is the type that it always gives, None when that depends; ``value`` holds when ``is_constant``."""

    get: Getter
    kind: type | None = None
    is_constant: bool = False
    value: Value = None


def constant_expression(value: Value) -> Expression:
    """Return an expression that is the same for every item."""
    return Expression(constant(value), type(value), is_constant=True, value=value)
