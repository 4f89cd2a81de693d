"""Payloads as they are stored."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.store.frame import MAX_PAYLOAD_BYTES, DamagedPayloadError, pack, unpack


@given(st.binary(max_size=300), st.integers(1, 60))
def test_what_is_packed_comes_back(piece: bytes, times: int) -> None:
    payload = piece * times
    frame = pack(payload)
    assert unpack(frame) == payload
    assert len(frame) <= len(payload) + 1


@pytest.mark.parametrize(("payload", "packed"), [(b"a" * 4096, False), (b"a" * 4097, True), (b"", False)])
def test_only_what_is_large_is_compressed(payload: bytes, packed: bool) -> None:
    assert (len(pack(payload)) < len(payload)) is packed


def claims(size: int, body: bytes) -> bytes:
    return b"\1" + size.to_bytes(4, "big") + body


BOMB = zlib.compress(bytes(1 << 20))


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\2abc",
        b"\1",
        claims(5, b"not zlib"),
        claims(5, zlib.compress(b"four")),
        claims(3, zlib.compress(b"four")),
        claims(4, zlib.compress(b"four")[:-1]),
        claims(0, b""),
        claims(100, BOMB),
        claims(MAX_PAYLOAD_BYTES + 1, BOMB),
    ],
)
def test_what_was_not_packed_by_us_is_refused(frame: bytes) -> None:
    with pytest.raises(DamagedPayloadError):
        unpack(frame)
