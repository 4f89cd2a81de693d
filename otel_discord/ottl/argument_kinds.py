"""What each kind of parameter makes of a value: checks at run time, and at once where the value is a constant."""

from collections.abc import Callable
from typing import Any, Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.regex import Match, compile_replacement
from otel_discord.ottl.registry import Getter, Kind
from otel_discord.ottl.values import Duration, Timestamp, Value, as_text, type_name

_TYPES: Final[dict[Kind, type]] = {
    Kind.STRING: str,
    Kind.INT: int,
    Kind.BOOL: bool,
    Kind.BYTES: bytes,
    Kind.MAP: dict,
    Kind.LIST: list,
    Kind.TIME: Timestamp,
    Kind.DURATION: Duration,
    Kind.STRING_LITERAL: str,
    Kind.INT_LITERAL: int,
    Kind.BOOL_LITERAL: bool,
    Kind.ENUM: int,
    Kind.REGEX: str,
}

LITERALS: Final = frozenset(
    (
        Kind.STRING_LITERAL,
        Kind.INT_LITERAL,
        Kind.FLOAT_LITERAL,
        Kind.BOOL_LITERAL,
        Kind.STRING_LIST_LITERAL,
        Kind.ENUM,
        Kind.REGEX,
    )
)
"""Known when the text is parsed."""


def converted(kind: Kind, value: Value) -> Any:
    """Return a value as a parameter of the kind takes it.

    Raises:
        OttlError: it is of another type.
    """
    expected = _TYPES.get(kind)
    if expected is None:
        return _CONVERSIONS[kind](value)
    if type(value) is expected:
        return value
    raise _wrong(kind, value)


def typed_getter(kind: Kind, getter: Getter, known: type | None) -> Getter:
    """Return a getter that gives what the kind promises; ``known`` is the type that ``getter`` always gives."""
    expected = _TYPES.get(kind)
    if kind is Kind.VALUE or (known is not None and known is expected):
        return getter
    if expected is None:
        convert = _CONVERSIONS[kind]
        return lambda item: convert(getter(item))

    def read(item: Any) -> Any:
        value = getter(item)
        if type(value) is expected:
            return value
        raise _wrong(kind, value)

    return read


def _float(value: Value) -> float:
    if type(value) in (int, float):
        return float(value)  # type: ignore[arg-type]
    raise _wrong(Kind.FLOAT, value)


def _string_like(value: Value) -> str | None:
    if type(value) is str or value is None:
        return value
    return value.hex() if isinstance(value, bytes) else as_text(value)


def _strings(value: Value) -> list[str]:
    if type(value) is list and all(type(member) is str for member in value):
        return value  # type: ignore[return-value]
    raise _wrong(Kind.STRING_LIST, value)


def _replacement(value: Value) -> Callable[[Match], str]:
    if type(value) is not str:
        raise _wrong(Kind.STRING, value)
    return compile_replacement(value)


def _wrong(kind: Kind, value: Value) -> OttlError:
    return OttlError(f"expected {kind.value}, found {type_name(value)}")


_CONVERSIONS: Final[dict[Kind, Callable[[Value], Any]]] = {
    Kind.VALUE: lambda value: value,
    Kind.FLOAT: _float,
    Kind.FLOAT_LITERAL: _float,
    Kind.STRING_LIKE: _string_like,
    Kind.STRING_LIST: _strings,
    Kind.STRING_LIST_LITERAL: _strings,
    Kind.REPLACEMENT: _replacement,
}
