"""Converters that hash a string: FNV, MD5, Murmur3Hash, Murmur3Hash128, SHA1, SHA256, SHA512.

MD5 and SHA1 are here because existing configurations name them; they protect nothing.
"""

import hashlib
from typing import Final

from otel_discord.ottl.errors import OttlError
from otel_discord.ottl.functions.declare import of_string
from otel_discord.ottl.functions.murmur3 import murmur3_32, murmur3_128
from otel_discord.ottl.functions.numbers import wrapped_int64
from otel_discord.ottl.registry import Function

_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_MASK: Final = 2**64 - 1


HASHED_BYTES_MAX: Final = 2**20
"""For the hashes that run byte by byte in Python: a longer text would hold everything else up."""


def _utf8(text: str) -> bytes:
    return text.encode(errors="replace")


def _bounded_utf8(text: str) -> bytes:
    data = _utf8(text)
    if len(data) > HASHED_BYTES_MAX:
        raise OttlError(f"the string is longer than {HASHED_BYTES_MAX:,} bytes; use SHA256")
    return data


def fnv(text: str) -> int:
    """Return the 64-bit FNV hash (variant 1a) as an int64. Source: draft-eastlake-fnv.

    Raises:
        OttlError: over 1 MiB.
    """
    digest = _FNV_OFFSET
    for byte in _bounded_utf8(text):
        digest = (digest ^ byte) * _FNV_PRIME & _MASK
    return wrapped_int64(digest)


FUNCTIONS: Final[tuple[Function, ...]] = (
    of_string("FNV", fnv),
    of_string("MD5", lambda text: hashlib.md5(_utf8(text), usedforsecurity=False).hexdigest()),
    of_string("Murmur3Hash", lambda text: murmur3_32(_bounded_utf8(text)).to_bytes(4, "little").hex()),
    of_string("Murmur3Hash128", lambda text: murmur3_128(_bounded_utf8(text)).hex()),
    of_string("SHA1", lambda text: hashlib.sha1(_utf8(text), usedforsecurity=False).hexdigest()),
    of_string("SHA256", lambda text: hashlib.sha256(_utf8(text)).hexdigest()),
    of_string("SHA512", lambda text: hashlib.sha512(_utf8(text)).hexdigest()),
)
