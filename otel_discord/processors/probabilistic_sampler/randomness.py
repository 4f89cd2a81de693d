"""Randomness that is the same for the same item everywhere: from its trace id, or a hash.

The hash is contrib's, bit by bit, so that samplers there and here keep the same items.
"""

from typing import Final

_FNV_OFFSET: Final = 0x811C9DC5
_FNV_PRIME: Final = 0x01000193
_MASK_32: Final = 0xFFFFFFFF

BUCKETS_BITS: Final = 14
BUCKETS: Final = 1 << BUCKETS_BITS


def seed_state(hash_seed: int) -> int:
    """Return the hash's state after the seed."""
    return _fnv1a(hash_seed.to_bytes(4, "little"), _FNV_OFFSET)


def hash_randomness(data: bytes, state: int) -> int:
    """Return 56 bits for these bytes: the first 14 decide in hash_seed mode, the others are only mixed in."""
    hashed = _fnv1a(data, state)
    bucket = hashed & (BUCKETS - 1)
    unused = hashed >> (32 - BUCKETS_BITS)
    return (BUCKETS - 1 - bucket) << 42 | (unused ^ (unused << 10)) << 14 | bucket


def trace_id_randomness(trace_id: bytes) -> int:
    """Return the last 56 bits of a trace id, which W3C Trace Context level 2 promises to be random."""
    return int.from_bytes(trace_id[-7:], "big")


def _fnv1a(data: bytes, state: int) -> int:
    for byte in data:
        state = (state ^ byte) * _FNV_PRIME & _MASK_32
    return state
