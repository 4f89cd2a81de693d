"""MurmurHash3 of bytes with seed 0. Source: Austin Appleby's public-domain description (x86 32-bit, x64 128-bit)."""

from typing import Final

_MASK_32: Final = 2**32 - 1
_MASK_64: Final = 2**64 - 1
_C1: Final = 0x87C37B91114253D5
_C2: Final = 0x4CF5AD432745937F


def murmur3_32(data: bytes) -> int:
    """Return the 32-bit hash as an unsigned integer."""
    digest = 0
    whole = len(data) // 4 * 4
    for start in range(0, whole, 4):
        digest ^= _scrambled(int.from_bytes(data[start : start + 4], "little"))
        digest = (_rotated_32(digest, 13) * 5 + 0xE6546B64) & _MASK_32
    digest ^= _scrambled(int.from_bytes(data[whole:], "little"))
    digest ^= len(data) & _MASK_32
    digest = (digest ^ digest >> 16) * 0x85EBCA6B & _MASK_32
    digest = (digest ^ digest >> 13) * 0xC2B2AE35 & _MASK_32
    return digest ^ digest >> 16


def murmur3_128(data: bytes) -> bytes:
    """Return the 16 bytes of the 128-bit hash, each half in little-endian order."""
    first = second = 0
    whole = len(data) // 16 * 16
    for start in range(0, whole, 16):
        first ^= _half(int.from_bytes(data[start : start + 8], "little"), _C1, 31, _C2)
        first = ((_rotated_64(first, 27) + second) * 5 + 0x52DCE729) & _MASK_64
        second ^= _half(int.from_bytes(data[start + 8 : start + 16], "little"), _C2, 33, _C1)
        second = ((_rotated_64(second, 31) + first) * 5 + 0x38495AB5) & _MASK_64
    tail = data[whole:]
    first ^= _half(int.from_bytes(tail[:8], "little"), _C1, 31, _C2)
    second ^= _half(int.from_bytes(tail[8:], "little"), _C2, 33, _C1)
    first ^= len(data)
    second ^= len(data)
    first = (first + second) & _MASK_64
    second = (second + first) & _MASK_64
    first, second = _finished(first), _finished(second)
    first = (first + second) & _MASK_64
    second = (second + first) & _MASK_64
    return first.to_bytes(8, "little") + second.to_bytes(8, "little")


def _scrambled(word: int) -> int:
    return _rotated_32(word * 0xCC9E2D51 & _MASK_32, 15) * 0x1B873593 & _MASK_32


def _half(word: int, before: int, bits: int, after: int) -> int:
    return _rotated_64(word * before & _MASK_64, bits) * after & _MASK_64


def _finished(word: int) -> int:
    word = (word ^ word >> 33) * 0xFF51AFD7ED558CCD & _MASK_64
    word = (word ^ word >> 33) * 0xC4CEB9FE1A85EC53 & _MASK_64
    return word ^ word >> 33


def _rotated_32(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _MASK_32


def _rotated_64(word: int, bits: int) -> int:
    return (word << bits | word >> (64 - bits)) & _MASK_64
