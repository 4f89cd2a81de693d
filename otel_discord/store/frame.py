"""How a payload lies in its row: a byte that says how it is packed, then the bytes. Pure.

Reading is bounded by a size that is known before anything is unpacked.
"""

import zlib
from typing import Final

MAX_PAYLOAD_BYTES: Final = 256 << 20
"""Four times what a receiver takes in; more was not written by us."""
COMPRESSED_ABOVE_BYTES: Final = 4096

_PLAIN: Final = b"\0"
_ZLIB: Final = b"\1"  # then four bytes: the size unpacked
_SIZE_BYTES: Final = 4
_QUICKEST: Final = 1


class DamagedPayloadError(ValueError):
    """These bytes were not packed by :func:`pack`, or not all of them are there."""


def pack(payload: bytes) -> bytes:
    """Return the payload as it is stored: compressed where it is large and gets smaller by it."""
    if len(payload) > COMPRESSED_ABOVE_BYTES:
        compressed = zlib.compress(payload, _QUICKEST)
        if len(compressed) < len(payload):
            return _ZLIB + len(payload).to_bytes(_SIZE_BYTES, "big") + compressed
    return _PLAIN + payload


def unpack(frame: bytes) -> bytes:
    """Return the payload.

    Raises:
        DamagedPayloadError: it cannot be unpacked to the size that it claims, or claims too much.
    """
    kind, body = frame[:1], frame[1:]
    if kind == _PLAIN:
        return body
    if kind != _ZLIB:
        raise DamagedPayloadError("unknown packing")
    size = int.from_bytes(body[:_SIZE_BYTES], "big")
    if size > MAX_PAYLOAD_BYTES:
        raise DamagedPayloadError(f"claims {size} bytes")
    unpacking = zlib.decompressobj()
    try:
        payload = unpacking.decompress(body[_SIZE_BYTES:], size + 1)
    except zlib.error as error:
        raise DamagedPayloadError(str(error)) from None
    if len(payload) != size or not unpacking.eof:
        raise DamagedPayloadError(f"does not have the {size} bytes that it claims")
    return payload
