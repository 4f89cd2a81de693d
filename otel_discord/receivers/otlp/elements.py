"""How many parts a request has, counted before it is parsed and before anything of that size is built.

20 MiB of empty messages are 20 KiB of gzip and become 443 MiB once parsed; so what counts is the number of parts, not
of bytes. Large pieces are walked field by field; pieces that fit in a window go through their skeleton (see
``skeletons``), which makes counting cheaper than parsing.
"""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError

from otel_discord.receivers.otlp.skeletons import Skeleton, skeleton_of

Piece: TypeAlias = bytes | memoryview

MAX_DEPTH: Final = 101
"""Messages inside messages that protobuf's parser takes; deeper is malformed anyway."""

_WINDOW_BYTES: Final = 2**20
"""A skeleton needs 16 bytes for a part of 2, so this bounds what one parse of it can cost."""
_COPIED_FROM_BYTES: Final = 65_536
_MAX_PASSES: Final = 32
"""Bytes looked at in all, in multiples of the body: more means nested for the sake of it."""
_NO_FIELD: Final = 0
_PACKED_PER_ELEMENT: Final = 8
"""A packed number becomes 8 bytes, a message about 64."""


class MalformedError(ValueError):
    """The bytes are no protobuf message; the parser would refuse them too."""


def can_exceed(size_bytes: int, limit: int) -> bool:
    """Return whether a body of this size can have more than ``limit`` parts: each takes two bytes at least."""
    return size_bytes > 2 * limit


def count_elements(body: bytes, descriptor: Descriptor, limit: int) -> int:
    """Return how many messages, strings of lists and packed numbers (by eights) a request has.

    Counting ends soon after ``limit``, so a larger answer means "more than that". A body that takes too many passes
    to look through counts as more too.

    Raises:
        MalformedError: not a protobuf message, or nested too deep.
    """
    total = 0
    work_bytes = _MAX_PASSES * len(body)
    pending: list[tuple[Descriptor, Piece, int]] = [(descriptor, memoryview(body), 0)]
    while pending:
        descriptor, piece, depth = pending.pop()
        work_bytes -= len(piece)
        if work_bytes < 0:
            return limit + 1
        if depth > MAX_DEPTH:
            raise MalformedError("nested too deep")
        skeleton = skeleton_of(descriptor)
        for number, parts in _parts(piece, skeleton, limit - total):
            if number in skeleton.packed:
                total += sum(map(len, parts)) // _PACKED_PER_ELEMENT
                continue
            total += len(parts)
            child = skeleton.messages.get(number)
            if child is not None and total <= limit and not skeleton_of(child).is_leaf:
                pending.extend((child, window, depth + 1) for window in _windows(parts))
        if total > limit:
            return total
    return total


def _parts(piece: Piece, skeleton: Skeleton, room: int) -> Iterator[tuple[int, Sequence[Piece]]]:
    if len(piece) > _WINDOW_BYTES:
        found, others = _walk(piece, skeleton.numbers, room)
        yield _NO_FIELD, _Many(others)
        yield from found.items()
        return
    try:
        message = skeleton.message_type.FromString(bytes(piece))
    except DecodeError as error:
        raise MalformedError(str(error)) from None
    for number in skeleton.numbers:
        parts = getattr(message, f"f{number}")
        if parts:
            # Only the number is looked at where there is no room: the parts would be as many Python objects.
            yield number, parts if len(parts) <= room else _Many(len(parts))


class _Many(Sequence[Piece]):
    """Parts of which only the number matters: there are more than there is room for, or they hold nothing."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: object) -> bytes:  # type: ignore[override]  # no slices: nothing is in it
        raise IndexError(index)


def _windows(parts: Sequence[Piece]) -> Iterator[Piece]:
    """Yield parts joined up to the size of a window; a larger part goes alone and is not copied."""
    gathered: list[Piece] = []
    size = 0
    for part in parts:
        if size + len(part) > _WINDOW_BYTES and gathered:
            yield b"".join(gathered)
            gathered, size = [], 0
        if len(part) > _WINDOW_BYTES:
            yield part
        else:
            gathered.append(part)
            size += len(part)
    if size:
        yield b"".join(gathered)


def _walk(piece: Piece, wanted: frozenset[int], room: int) -> tuple[dict[int, list[Piece]], int]:
    """Return the parts of a large message by field number, and how many other fields there are.

    It stops soon after ``room`` fields of any kind: a flood of numbers takes as long to walk as one of messages.
    """
    found: dict[int, list[Piece]] = {number: [] for number in wanted}
    position, end, others = 0, len(piece), 0
    while position < end and room >= 0:
        room -= 1
        tag = piece[position]
        position += 1
        if tag >= 0x80:
            tag, position = _varint(piece, position - 1)
        if tag & 7 == 2:
            length = piece[position] if position < end else 0x80
            position += 1
            if length >= 0x80:
                length, position = _varint(piece, position - 1)
            part = piece[position : position + length]
            position += length
            if tag >> 3 in wanted:
                found[tag >> 3].append(part if length > _COPIED_FROM_BYTES else bytes(part))
            else:
                others += 1
        else:
            position = _skip(piece, position, tag)
            others += 1
    if position > end:
        raise MalformedError("it ends too early")
    return found, others


def _skip(piece: Piece, position: int, tag: int) -> int:
    if not tag >> 3:
        raise MalformedError("a field with the number 0")
    match tag & 7:
        case 0:
            return _varint(piece, position)[1]
        case 1:
            return position + 8
        case 5:
            return position + 4
        case _:  # groups: no OTLP message ever had one
            raise MalformedError("a group, which OTLP does not have")


def _varint(piece: Piece, position: int) -> tuple[int, int]:
    value = shift = 0
    try:
        while True:
            byte = piece[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, position
            shift += 7
            if shift > 63:
                raise MalformedError("a varint of more than ten bytes")
    except IndexError:
        raise MalformedError("it ends too early") from None
