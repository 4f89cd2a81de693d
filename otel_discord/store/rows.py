"""Checksums of rows: no bit of a stored row changes without being noticed when it is read. Pure.

A row is a bare tuple in the order of its table's columns. Its checksum is the CRC-32 of the table's name and of every
column before it, written as Python writes a tuple of them in ASCII; ``payload_crc`` is among those, so the row's
changing parts can be sealed anew without reading its payload.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from otel_discord.store.frame import DamagedPayloadError, pack, unpack
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, MESSAGES, META, POSTED, STATE, Table
from otel_discord.store.work import Row, Value


def checksum(table: Table, values: Sequence[Any]) -> int:
    """Return the checksum over ``values``: every column before ``checksum``, in order."""
    return zlib.crc32(ascii((table.name, *values)).encode("ascii"))


def seal(table: Table, values: Sequence[Value], payload: bytes | None) -> tuple[Value, ...]:
    """Return the row to store: ``values`` are the columns before ``payload_crc``; None is a payload set free."""
    return seal_frame(table, values, b"" if payload is None else pack(payload))


def seal_frame(table: Table, values: Sequence[Value], frame: bytes) -> tuple[Value, ...]:
    """Return the row to store with a payload that is packed already."""
    sealed = (*map(_as_read, values), zlib.crc32(frame))
    return (*sealed, checksum(table, sealed), frame)


def _as_read(value: Value) -> Value:
    """Return what a database gives back: a member of an enumeration is written as another text than its value."""
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)
    if isinstance(value, int):
        return int(value)
    return value


def is_sound_head(table: Table, head: Row) -> bool:
    """Return whether a row without its payload is as it was written."""
    return bool(head[-1] == checksum(table, head[:-1]))


def is_sound(table: Table, row: Row) -> bool:
    """Return whether a whole row is as it was written."""
    payload = row[-1]
    return isinstance(payload, bytes) and row[-3] == zlib.crc32(payload) and is_sound_head(table, row[:-1])


def payload_of(table: Table, row: Row) -> bytes | None:
    """Return the payload of a whole row; None where the row is damaged."""
    if not is_sound(table, row):
        return None
    try:
        return unpack(row[-1])
    except DamagedPayloadError:
        return None


def is_sound_number(row: Row) -> bool:
    """Return whether a row of ``meta`` is as it was written."""
    _, value, mirror = row
    return isinstance(value, int) and isinstance(mirror, int) and value == -mirror


@dataclass(frozen=True, slots=True)
class Salvageable:
    """A table as salvage needs it: read ``columns`` in this order, keep what ``verify`` says is sound."""

    table: Table
    verify: Callable[[Row], bool]

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in the order in which ``verify`` wants them and ``table.insert`` takes them."""
        return self.table.columns


def _with_payload(table: Table) -> Salvageable:
    return Salvageable(table, lambda row: len(row) == len(table.columns) and is_sound(table, row))


SALVAGEABLE: Final[tuple[Salvageable, ...]] = (
    Salvageable(META, lambda row: len(row) == len(META.columns) and is_sound_number(row)),
    *(_with_payload(table) for table in (BATCHES, CARDS, LETTERS, STATE, MESSAGES, POSTED)),
)
"""All tables. A sound row that was read from a damaged file may be stored in a new one as it is."""
