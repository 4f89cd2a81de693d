"""Message types that only tell how many parts a message has: every embedded message is left as raw bytes.

They are made from OTLP's own descriptors. Parsing with one is done in C and creates nothing inside the parts, so
parts can be counted before anything of their size is built. Concatenated messages parse as their merge, so one parse
counts the parts of thousands of messages at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor

_PACKED_VARINTS: Final = frozenset(
    {
        FieldDescriptor.TYPE_UINT64,
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_SINT64,
        FieldDescriptor.TYPE_UINT32,
        FieldDescriptor.TYPE_INT32,
        FieldDescriptor.TYPE_SINT32,
        FieldDescriptor.TYPE_BOOL,
        FieldDescriptor.TYPE_ENUM,
    }
)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The countable fields of one message type, by field number."""

    message_type: Any
    messages: Mapping[int, Descriptor]
    """Fields that hold a message or several."""
    strings: frozenset[int]
    """Fields that hold several strings or bytes."""
    packed: frozenset[int]
    """Fields that hold several numbers of one byte or more."""

    @property
    def is_leaf(self) -> bool:
        """Whether nothing in such a message is countable."""
        return not (self.messages or self.strings or self.packed)

    @property
    def numbers(self) -> frozenset[int]:
        """All countable fields."""
        return self.strings | self.packed | self.messages.keys()


@lru_cache(maxsize=128)
def skeleton_of(descriptor: Descriptor) -> Skeleton:
    """Return the skeleton of a message type, made at its first use."""
    messages = {field.number: field.message_type for field in descriptor.fields if field.message_type is not None}
    repeated = [field for field in descriptor.fields if field.is_repeated and field.message_type is None]
    strings = {f.number for f in repeated if f.type in {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}}
    packed = {f.number for f in repeated if f.type in _PACKED_VARINTS}
    file = descriptor_pb2.FileDescriptorProto(name=f"skeleton/{descriptor.full_name}.proto", syntax="proto3")
    message = file.message_type.add(name="Skeleton")
    for number in sorted({*messages, *strings, *packed}):
        message.field.add(
            name=f"f{number}",
            number=number,
            type=descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
            label=descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED,
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    message_type = message_factory.GetMessageClass(pool.FindMessageTypeByName("Skeleton"))
    return Skeleton(message_type, messages, frozenset(strings), frozenset(packed))
