"""Whole messages and lists of them, read as maps and lists of plain values; they cannot be written."""

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.paths.field import Access, checked, optional_getter
from otel_discord.ottl.values import Value
from otel_discord.signals import attributes_to_dict


@dataclass(frozen=True, slots=True)
class Whole:
    """A message or a list of messages; nil where the item has no such field."""

    attribute: str

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        found = optional_getter(owner, self.attribute)
        return Access(lambda item: to_value(found(item)))


@dataclass(frozen=True, slots=True)
class Numbers:
    """A list of numbers, of some kinds of data points; nil elsewhere."""

    attribute: str

    def open(self, owner: str) -> Access:
        """See :class:`Field`."""
        numbers_of, attribute = optional_getter(owner, self.attribute), self.attribute

        def write(item: Any, value: Value) -> None:
            numbers = checked(value, list)
            found = numbers_of(item)
            if found is None:
                raise OttlError(f"this data point has no {attribute}")
            old = list(found)
            try:
                del found[:]
                found.extend(numbers)
            except (TypeError, ValueError) as error:
                del found[:]
                found.extend(old)
                raise OttlError(f"{attribute} cannot be set: {error}") from None

        return Access(lambda item: to_value(numbers_of(item)), write)


def to_value(found: Any) -> Value:
    """Return a message, a list or a plain value as a value."""
    if isinstance(found, Message):
        fields: Any = type(found).DESCRIPTOR.fields
        return {field.name: to_value(getattr(found, field.name)) for field in fields}
    if found is None or isinstance(found, bool | int | float | str | bytes):
        return found
    members = list(found)
    if members and isinstance(members[0], KeyValue):
        return attributes_to_dict(members)  # type: ignore[return-value]
    return [to_value(member) for member in members]
