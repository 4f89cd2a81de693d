"""Short forms for declaring functions that only hand their arguments to a plain function."""

from collections.abc import Callable
from typing import Any

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.items import ContextKind
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter, Target
from otel_discord.ottl.values import Value, type_name


def converter(name: str, function: Callable[..., Value], *parameters: Parameter) -> Function:
    """Declare a converter whose arguments are all getters, given to the function in their order."""

    def build(arguments: Arguments) -> Getter:
        getters = tuple(arguments.getter(parameter.name) for parameter in parameters)
        if len(getters) == 1:
            (only,) = getters
            return lambda item: function(only(item))
        if len(getters) == 2:
            first, second = getters
            return lambda item: function(first(item), second(item))
        return lambda item: function(*(getter(item) for getter in getters))

    return Function(name, parameters, build)


def of_string(name: str, function: Callable[[str], Value]) -> Function:
    """Declare a converter of one string."""
    return converter(name, function, Parameter("target", Kind.STRING))


def of_value(name: str, function: Callable[[Any], Value], parameter: str = "target") -> Function:
    """Declare a converter of one value of any type."""
    return converter(name, function, Parameter(parameter, Kind.VALUE))


def map_in(target: Target, item: Any) -> dict[str, Value]:
    """Return the map that an editor is about to replace.

    Raises:
        OttlError: the field holds no map.
    """
    found = target.get(item)
    if isinstance(found, dict):
        return found
    raise OttlError(f"expected a map in {target.text or 'the target'}, found {type_name(found)}")


METRIC_ONLY = frozenset({ContextKind.METRIC})
SPAN_ONLY = frozenset({ContextKind.SPAN})
