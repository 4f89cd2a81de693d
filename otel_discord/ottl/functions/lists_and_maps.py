"""Converters of lists and maps: Coalesce, ContainsValue, Index, Keys, Len, SliceToMap, Sort, Values."""

from typing import Final

from otel_discord.ottl.comparison import equal
from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.conversions import to_string
from otel_discord.ottl.functions.declare import converter, of_value
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter
from otel_discord.ottl.values import Value, type_name

_ORDERS: Final = ("asc", "desc")


def coalesce(values: list[Value]) -> Value:
    """Return the first value that is not nil, nil if there is none."""
    return next((value for value in values if value is not None), None)


def contains_value(target: Value, item: Value) -> bool:
    """Whether a list has the item.

    Raises:
        OttlError: the target is no list.
    """
    if not isinstance(target, list):
        raise OttlError(f"expected a list, found {type_name(target)}")
    return any(equal(member, item) for member in target)


def index(source: Value, value: Value) -> int:
    """Return where the value is first: in a list its position, in a string the byte; -1 if nowhere.

    Raises:
        OttlError: the source is neither, or a string is asked for something else than a string.
    """
    if isinstance(source, list):
        return next((position for position, member in enumerate(source) if equal(member, value)), -1)
    if not isinstance(source, str):
        raise OttlError(f"expected a string or a list, found {type_name(source)}")
    if not isinstance(value, str):
        raise OttlError(f"only a string can be in a string, not {type_name(value)}")
    before, found, _ = source.partition(value) if value else ("", "found", "")
    return len(before.encode(errors="replace")) if found else -1


def length(target: Value) -> int:
    """Return how many members a list, entries a map, bytes a string has.

    Raises:
        OttlError: the target is none of these.
    """
    if isinstance(target, str):
        return len(target.encode(errors="replace"))
    if isinstance(target, list | dict | bytes):
        return len(target)
    raise OttlError(f"{type_name(target)} has no length")


def slice_to_map(target: list[Value], key_path: list[str] | None, value_path: list[str] | None) -> dict[str, Value]:
    """Return the list's maps by the string that they have at ``key_path``, or by their position.

    With a ``value_path`` the map holds what is there. Members without such a key or value are left out.
    """
    result: dict[str, Value] = {}
    for position, member in enumerate(target):
        key, value = str(position), member
        if key_path:
            found, key_value = _at(member, key_path)
            if not found or not isinstance(key_value, str):
                continue
            key = key_value
        if value_path:
            found, value = _at(member, value_path)
            if not found:
                continue
        result[key] = value
    return result


def _at(value: Value, path: list[str]) -> tuple[bool, Value]:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False, None
        value = value[key]
    return True, value


def sort(target: Value, order: str) -> Value:
    """Return a list sorted: numbers as numbers, mixtures by their members' texts. What is no list stays as it is.

    Members keep their types. A list with a map, a list or bytes in it is left as it is, as in the Collector's code.
    """
    if not isinstance(target, list):
        return target
    descending = order == "desc"
    if all(isinstance(member, int | float) and not isinstance(member, bool) for member in target):
        return sorted(target, key=_number_key, reverse=descending)
    if all(member is None or isinstance(member, int | float | str) for member in target):
        return sorted(target, key=lambda member: to_string(member) or "", reverse=descending)
    return target


def _number_key(member: Value) -> tuple[bool, Value]:
    return (member == member, member)


def _build_sort(arguments: Arguments) -> Getter:
    order = arguments.literal("order")
    if order not in _ORDERS:
        raise ValueError(f"no such order: {order!r}; there are {' and '.join(_ORDERS)}")
    target = arguments.getter("target")
    return lambda item: sort(target(item), order)


def _build_slice_to_map(arguments: Arguments) -> Getter:
    key_path, value_path = arguments.literal("key_path"), arguments.literal("value_path")
    target = arguments.getter("target")
    return lambda item: slice_to_map(target(item), key_path, value_path)


FUNCTIONS: Final[tuple[Function, ...]] = (
    converter("Coalesce", coalesce, Parameter("values", Kind.LIST)),
    converter("ContainsValue", contains_value, Parameter("target", Kind.VALUE), Parameter("item", Kind.VALUE)),
    converter("Index", index, Parameter("source", Kind.VALUE), Parameter("value", Kind.VALUE)),
    converter("Keys", list, Parameter("target", Kind.MAP)),
    of_value("Len", length),
    Function(
        "SliceToMap",
        (
            Parameter("target", Kind.LIST),
            Parameter("key_path", Kind.STRING_LIST_LITERAL, default=None),
            Parameter("value_path", Kind.STRING_LIST_LITERAL, default=None),
        ),
        _build_slice_to_map,
    ),
    Function(
        "Sort",
        (Parameter("target", Kind.VALUE), Parameter("order", Kind.STRING_LITERAL, default="asc")),
        _build_sort,
    ),
    converter("Values", lambda target: list(target.values()), Parameter("target", Kind.MAP)),
)
