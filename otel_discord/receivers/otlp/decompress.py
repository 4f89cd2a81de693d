"""Content-Encoding undone with three bounds: size after decompression, number of members, size of the window.

The work stops as soon as a bound is crossed, so a bomb costs at most the limit.
"""

import zlib
from typing import Final

from otel_discord.receivers.otlp.refusal import Reason, Refusal

MAX_MEMBERS: Final = 16
"""Members (gzip) or frames (zstd) in one body; exporters write one."""

CONTENT_ENCODINGS: Final = ("", "identity", "gzip", "x-gzip", "deflate", "zlib", "zstd")

_ZSTD_SLICE_BYTES: Final = 512
"""A block of 4 bytes can stand for 128 KiB, so zstd is fed in small steps: at most 16 MiB over the limit."""
_ZSTD_MAX_WINDOW_BYTES: Final = 2**27


def decompress(body: bytes, content_encoding: str, max_bytes: int) -> bytes | Refusal:
    """Return the body as it was before its Content-Encoding (lower case, "" for none), at most ``max_bytes``."""
    match content_encoding:
        case "" | "identity":
            return body if len(body) <= max_bytes else too_large(max_bytes)
        case "gzip" | "x-gzip":
            return _inflate_members(body, max_bytes)
        case "deflate" | "zlib":
            return _inflate(body, max_bytes)
        case "zstd":
            return _zstd(body, max_bytes)
        case _:
            return Refusal(Reason.INVALID, f"Content-Encoding {content_encoding[:40]!r} is not supported; use gzip")


def too_large(max_bytes: int) -> Refusal:
    """Return the answer to a body that is, or becomes, larger than the limit."""
    return Refusal(
        Reason.TOO_LARGE, f"the request is larger than {max_bytes} bytes after decompression; send smaller batches"
    )


def _broken(content_encoding: str, why: str) -> Refusal:
    return Refusal(Reason.INVALID, f"the body is not valid {content_encoding}: {why}")


def _inflate_members(body: bytes, max_bytes: int) -> bytes | Refusal:
    parts: list[bytes] = []
    room = max_bytes
    rest = body
    for _ in range(MAX_MEMBERS):
        decoder = zlib.decompressobj(wbits=31)
        try:
            part = decoder.decompress(rest, room + 1)
        except zlib.error as error:
            return _broken("gzip", str(error))
        if len(part) > room:
            return too_large(max_bytes)
        if not decoder.eof:
            return _broken("gzip", "it ends too early")
        parts.append(part)
        room -= len(part)
        rest = decoder.unused_data
        if not rest:
            return b"".join(parts) if len(parts) > 1 else part
    return _broken("gzip", f"it has more than {MAX_MEMBERS} members")


def _inflate(body: bytes, max_bytes: int) -> bytes | Refusal:
    has_zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
    decoder = zlib.decompressobj(wbits=15 if has_zlib_header else -15)  # some clients leave the zlib wrapper out
    try:
        inflated = decoder.decompress(body, max_bytes + 1)
    except zlib.error as error:
        return _broken("deflate", str(error))
    if len(inflated) > max_bytes:
        return too_large(max_bytes)
    if not decoder.eof or decoder.unused_data:
        return _broken("deflate", "it ends too early" if not decoder.eof else "data follows its end")
    return inflated


def _zstd(body: bytes, max_bytes: int) -> bytes | Refusal:
    import zstandard

    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW_BYTES)
    view = memoryview(body)
    parts: list[bytes] = []
    size = position = 0
    for _ in range(MAX_MEMBERS):
        decoder = decompressor.decompressobj()
        while not decoder.eof:
            if position >= len(view):
                return _broken("zstd", "it ends too early")
            try:
                part = decoder.decompress(view[position : position + _ZSTD_SLICE_BYTES])
            except zstandard.ZstdError as error:
                return _broken("zstd", str(error))
            position += _ZSTD_SLICE_BYTES
            size += len(part)
            if size > max_bytes:
                return too_large(max_bytes)
            parts.append(part)
        position = min(position, len(view)) - len(decoder.unused_data)
        if position >= len(view):
            return b"".join(parts)
    return _broken("zstd", f"it has more than {MAX_MEMBERS} frames")
