"""Converters that ask what a value is: IsString, IsMap, IsEmpty…"""

from typing import Final

from otel_discord.ottl.functions.declare import of_value
from otel_discord.ottl.registry import Function
from otel_discord.ottl.values import Duration, Timestamp, Value


def is_empty(value: Value) -> bool:
    """Whether the value is nil or its type's zero: "", 0, false, an empty map, list or bytes, an id of zeros."""
    match value:
        case Timestamp() | Duration():
            return value.ns == 0
        case bytes():
            return not any(value)
        case _:
            return not value


FUNCTIONS: Final[tuple[Function, ...]] = (
    of_value("IsBool", lambda value: isinstance(value, bool)),
    of_value("IsDouble", lambda value: isinstance(value, float)),
    of_value("IsEmpty", is_empty),
    of_value("IsInt", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    of_value("IsList", lambda value: isinstance(value, list)),
    of_value("IsMap", lambda value: isinstance(value, dict)),
    of_value("IsString", lambda value: isinstance(value, str)),
)
