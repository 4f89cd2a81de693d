"""Records that came together stay together: copied as they lie on the wire, cut apart when somebody reads them. Pure.

A bundle is a serialised ``ScopeLogs`` without its scope, so that pieces of it put together are one again.
https://protobuf.dev/programming-guides/encoding/#structure
"""

from collections.abc import Sequence
from typing import Final

from google.protobuf.message import EncodeError
from opentelemetry.proto.logs.v1.logs_pb2 import ScopeLogs

_RESOURCE_LOGS: Final = 0x0A
_SCOPE_LOGS: Final = 0x12
_SCOPE: Final = 0x0A
_RECORD: Final = 0x12
"""Tags: of a request, of a ``ResourceLogs``, and both of a ``ScopeLogs``."""
_MORE: Final = 0x80
_SEVEN_BITS: Final = 0x7F


def bundled(scope_logs: ScopeLogs) -> bytes | None:
    """Return the records of a scope as one bundle; None where they cannot be serialised at once."""
    try:
        data: bytes = scope_logs.SerializeToString()
    except EncodeError:
        return None
    return _without_scope(data, 0, len(data))


def bundles_in(request: bytes) -> list[list[bytes]]:
    """Return for each resource of a serialised request the bundle of each scope, as they lie there."""
    return [
        [_without_scope(request, *of_scope) for _, *of_scope in _bounds(request, _SCOPE_LOGS, *of_resource)]
        for _, *of_resource in _bounds(request, _RESOURCE_LOGS, 0, len(request))
    ]


def framed(record: bytes) -> bytes:
    """Return one serialised record as a bundle."""
    header = bytearray((_RECORD,))
    left = len(record)
    while left >= _MORE:
        header.append(left & _SEVEN_BITS | _MORE)
        left >>= 7
    header.append(left)
    return bytes(header) + record


def each_framed(scope_logs: ScopeLogs, bundle: bytes | None) -> Sequence[bytes | None]:
    """Return a bundle for each record of a scope, of which ``bundle`` is the whole; None for one that has no bytes."""
    pieces = pieces_of(bundle) if bundle is not None else []
    if len(pieces) == len(scope_logs.log_records):
        return pieces
    found: list[bytes | None] = []
    for record in scope_logs.log_records:
        try:
            found.append(framed(record.SerializeToString()))
        except EncodeError:
            found.append(None)
    return found


def pieces_of(bundle: bytes) -> list[bytes]:
    """Return a bundle for each of its records, in order."""
    return [bundle[tag:end] for tag, _, end in _bounds(bundle, _RECORD, 0, len(bundle))]


def records_in(bundle: bytes) -> list[bytes]:
    """Return the serialised records, in order."""
    return [bundle[start:end] for _, start, end in _bounds(bundle, _RECORD, 0, len(bundle))]


def _without_scope(data: bytes, start: int, end: int) -> bytes:
    """Return a ``ScopeLogs`` without what comes first where its scope does."""
    if start < end and data[start] == _SCOPE:
        start = _after_field(data, start)
    return data[start:end]


def _bounds(data: bytes, wanted: int, position: int, end: int) -> list[tuple[int, int, int]]:
    """Return where each field of that tag has its tag, its content and its end; others are passed by."""
    bounds = []
    while position < end:
        if data[position] != wanted:
            position = _after_field(data, position)
            continue
        start = position + 2
        size = data[position + 1]
        if size >= _MORE:
            start, size = _number(data, position + 1)
        bounds.append((position, start, start + size))
        position = start + size
    return bounds


def _after_field(data: bytes, position: int) -> int:
    """Return where the next field begins; the end where there is no telling (groups, which are no longer in use)."""
    position, tag = _number(data, position)
    match tag & 7:
        case 0:
            return _number(data, position)[0]
        case 1:
            return position + 8
        case 2:
            start, size = _number(data, position)
            return start + size
        case 5:
            return position + 4
        case _:
            return len(data)


def _number(data: bytes, position: int) -> tuple[int, int]:
    """Return where what follows begins, and the number."""
    number = shift = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & _SEVEN_BITS) << shift
        if byte < _MORE:
            return position, number
        shift += 7
