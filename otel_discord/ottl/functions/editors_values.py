"""Editors of any field: set, append, delete_index."""

from typing import Any, Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.registry import Arguments, Function, Getter, Kind, Parameter
from otel_discord.ottl.values import Value, type_name


def without_range(values: list[Value], start: int, end: int) -> list[Value]:
    """Return the list without the members from ``start`` up to, not including, ``end``.

    Raises:
        OttlError: a range that does not lie in the list.
    """
    if start == 0 and end == len(values):
        return []
    if not 0 <= start < len(values):
        raise OttlError(f"the start index {start} is not in a list of {len(values)}")
    if not start <= end <= len(values):
        raise OttlError(f"the end index {end} must be {start} to {len(values)}")
    return values[:start] + values[end:]


def _set(arguments: Arguments) -> Getter:
    target, value = arguments.target("target"), arguments.getter("value")

    def assign(item: Any) -> None:
        new = value(item)
        if new is not None:
            target.set(item, new)

    return assign


def _append(arguments: Arguments) -> Getter:
    target = arguments.target("target")
    value = arguments.getter("value") if arguments.given("value") else None
    values = arguments.getter("values") if arguments.given("values") else None
    if value is None and values is None:
        raise ValueError("append needs a value, or values = […]")

    def extend(item: Any) -> None:
        before = target.get(item)
        after = list(before) if isinstance(before, list) else [] if before is None else [before]
        if value is not None:
            after.append(value(item))
        if values is not None:
            after.extend(values(item))
        target.set(item, after)

    return extend


def _delete_index(arguments: Arguments) -> Getter:
    target, start = arguments.target("target"), arguments.getter("start_index")
    end = arguments.getter("end_index") if arguments.given("end_index") else None

    def remove(item: Any) -> None:
        before = target.get(item)
        if not isinstance(before, list):
            raise OttlError(f"expected a list in {target.text or 'the target'}, found {type_name(before)}")
        first = start(item)
        target.set(item, without_range(before, first, first + 1 if end is None else end(item)))

    return remove


_TARGET: Final = Parameter("target", Kind.TARGET)

FUNCTIONS: Final[tuple[Function, ...]] = (
    Function(
        "append",
        (
            _TARGET,
            Parameter("value", Kind.VALUE, default=None),
            Parameter("values", Kind.LIST, default=None),
        ),
        _append,
    ),
    Function(
        "delete_index",
        (_TARGET, Parameter("start_index", Kind.INT), Parameter("end_index", Kind.INT, default=None)),
        _delete_index,
    ),
    Function("set", (_TARGET, Parameter("value", Kind.VALUE)), _set),
)
