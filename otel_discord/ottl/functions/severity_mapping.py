"""The log level that a value stands for, by a mapping: ``{"error": [{"equals": ["err"]}, {"range": "5xx"}]}``."""

from collections.abc import Iterator
from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.values import Value, type_name

_STATUS_CLASSES: Final = {f"{number}xx": (number * 100, number * 100 + 99) for number in range(2, 6)}


def parse_severity(value: Value, mapping: dict[str, Value]) -> str:
    """Return the first level of the mapping that a criterion gives to the value, a string or an int.

    Raises:
        OttlError: another type of value, no level that fits, or a mapping of another shape.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise OttlError(f"a level is a string or an int, not {type_name(value)}")
    for level, criteria in mapping.items():
        if not isinstance(criteria, list):
            raise OttlError(f"the criteria of {level!r} must be a list")
        if any(_fits(value, criterion) for criterion in criteria):
            return level
    raise OttlError("no level of the mapping fits the value")


def _fits(value: str | int, criterion: Value) -> bool:
    if not isinstance(criterion, dict):
        raise OttlError('a criterion must be a map such as {"equals": ["err"]} or {"range": "5xx"}')
    if isinstance(value, str):
        return value in _texts(criterion)
    bounds = criterion.get("range", criterion if "min" in criterion or "max" in criterion else None)
    if bounds is None:
        return False
    least, greatest = _bounds(bounds)
    return least <= value <= greatest


def _texts(criterion: dict[str, Value]) -> Iterator[Value]:
    equals = criterion.get("equals", [])
    if not isinstance(equals, list):
        raise OttlError("equals must be a list of strings")
    return iter(equals)


def _bounds(bounds: Value) -> tuple[int, int]:
    if isinstance(bounds, str) and bounds in _STATUS_CLASSES:
        return _STATUS_CLASSES[bounds]
    if not isinstance(bounds, dict):
        raise OttlError(f"a range must be a map with min and max, or one of {', '.join(_STATUS_CLASSES)}")
    least, greatest = bounds.get("min"), bounds.get("max")
    if type(least) is not int or type(greatest) is not int:
        raise OttlError("min and max of a range must be ints")
    return least, greatest
