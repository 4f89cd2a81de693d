"""Fields of one plain value: texts, numbers, flags, times, ids."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.paths.field import Access, Reader, Writer, checked, optional_getter, owner_getter
from otel_discord.ottl.values import Timestamp, Value


@dataclass(frozen=True, slots=True)
class Scalar:
    """A field that every message of its kind has."""

    attribute: str
    type: type
    read_only: bool = False

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        read: Reader = attrgetter(f"{owner}.{self.attribute}" if owner else self.attribute)
        return Access(read, None if self.read_only else _writer(owner, self.attribute, self.type), self.type)


@dataclass(frozen=True, slots=True)
class KindOfPointScalar:
    """A field that only some kinds of data points have; nil elsewhere."""

    attribute: str
    type: type

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        return Access(optional_getter(owner, self.attribute), _writer(owner, self.attribute, self.type))


@dataclass(frozen=True, slots=True)
class Time:
    """Nanoseconds since 1970, as a time."""

    attribute: str

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        ns_of: Reader = attrgetter(f"{owner}.{self.attribute}")
        write_ns = _writer(owner, self.attribute, int)

        def write(item: Any, value: Value) -> None:
            write_ns(item, checked(value, Timestamp).ns)

        return Access(lambda item: Timestamp(ns_of(item)), write, Timestamp)


@dataclass(frozen=True, slots=True)
class Id:
    """A trace's or span's id; one that is absent reads as zeros."""

    attribute: str
    width: int

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        id_of: Reader = attrgetter(f"{owner}.{self.attribute}")
        zeros, width = bytes(self.width), self.width
        write_bytes = _writer(owner, self.attribute, bytes)

        def write(item: Any, value: Value) -> None:
            if len(checked(value, bytes)) != width:
                raise OttlError(f"the id has {len(checked(value, bytes))} bytes, not {width}")
            write_bytes(item, value)

        return Access(lambda item: id_of(item) or zeros, write, bytes)


@dataclass(frozen=True, slots=True)
class IdText:
    """The same id as hex digits."""

    id: Id

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        access = self.id.open(owner)

        def write(item: Any, value: Value) -> None:
            try:
                raw = bytes.fromhex(checked(value, str))
            except ValueError:
                raise OttlError("the id is no hex") from None
            access.write(item, raw)  # type: ignore[misc]

        return Access(lambda item: access.read(item).hex(), write, str)


def _writer(owner: str, attribute: str, kind: type) -> Writer:
    holder, _, name = f"{owner}.{attribute}".rpartition(".")
    holder_of = owner_getter(holder)
    kinds = (int, float) if kind is float else (kind,)

    def write(item: Any, value: Value) -> None:
        new = checked(value, *kinds)
        try:
            setattr(holder_of(item), name, new)
        except (AttributeError, TypeError, ValueError) as error:
            raise OttlError(f"{attribute} cannot be set: {error}") from None

    return write
