"""What a field is: given where its message hangs on the item, it opens as something to read and perhaps to write."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol, TypeAlias, runtime_checkable

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.otlp_values import Key
from otel_discord.ottl.values import Value, kind_name, type_name

Reader: TypeAlias = Callable[[Any], Any]
Writer: TypeAlias = Callable[[Any, Value], None]


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys behind a field. ``of`` reads them for an item; ``constant`` are they, when they are the same for all."""

    of: Callable[[Any], list[Key]]
    constant: tuple[Key, ...] | None


@dataclass(frozen=True, slots=True)
class Access:
    """An opened field. ``kind`` is the type that reading always gives, if any; ``write`` None: read-only."""

    read: Reader
    write: Writer | None = None
    kind: type | None = None


class Field(Protocol):
    """A field of a message."""

    def open(self, owner: str) -> Access:
        """Open it; ``owner`` is the attribute of the item that holds the message, "" for the item itself."""
        ...


@runtime_checkable
class IndexableField(Field, Protocol):
    """A field that keys may follow."""

    def open_at(self, owner: str, keys: Keys) -> Access:
        """Open what is under the keys."""
        ...


def checked(value: Value, *kinds: type) -> Any:
    """Return the value when it is of one of the types.

    Raises:
        OttlError: it is not.
    """
    if type(value) in kinds:
        return value
    expected = " or ".join(kind_name(kind) for kind in kinds)
    raise OttlError(f"expected {expected}, found {type_name(value)}")


def owner_getter(owner: str) -> Reader:
    """Return what gets the message from an item; "" is the item itself."""
    return attrgetter(owner) if owner else _itself


def optional_getter(owner: str, attribute: str) -> Reader:
    """Return what gets a field that not every kind of message has; nil elsewhere."""
    getter = attrgetter(f"{owner}.{attribute}")

    def read(item: Any) -> Any:
        try:
            return getter(item)
        except AttributeError:
            return None

    return read


def _itself(item: Any) -> Any:
    return item
