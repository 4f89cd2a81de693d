import gzip
import os
import tracemalloc
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.receivers.otlp.decompress import MAX_MEMBERS, decompress
from otel_discord.receivers.otlp.refusal import Reason, Refusal

MIB = 2**20


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


COMPRESSORS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zlib": zlib.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@given(st.sampled_from([*COMPRESSORS, "", "identity", "raw"]), st.binary(max_size=5_000), st.integers(1, 50))
def test_what_was_compressed_comes_back(encoding: str, piece: bytes, times: int) -> None:
    data = piece * times
    if encoding == "raw":
        assert decompress(raw_deflate(data), "deflate", len(data)) == data
    else:
        assert decompress(COMPRESSORS.get(encoding, bytes)(data), encoding, len(data)) == data


@pytest.mark.parametrize("encoding", [*COMPRESSORS, ""])
def test_one_byte_more_than_the_limit_is_too_large(encoding: str) -> None:
    body = COMPRESSORS.get(encoding, bytes)(b"x" * 101)
    assert decompress(body, encoding, 101) == b"x" * 101
    refusal = decompress(body, encoding, 100)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("encoding", COMPRESSORS)
def test_every_truncation_and_trailing_garbage_is_invalid(encoding: str) -> None:
    body = COMPRESSORS[encoding](b"hello world, hello world" * 5)
    for cut in range(len(body)):
        refusal = decompress(body[:cut], encoding, 1000)
        assert isinstance(refusal, Refusal)
        assert refusal.reason is Reason.INVALID
    assert isinstance(decompress(body + b"garbage", encoding, 1000), Refusal)


@given(st.sampled_from([*COMPRESSORS]), st.binary(max_size=100))
def test_any_bytes_are_a_body_or_a_refusal(encoding: str, body: bytes) -> None:
    assert isinstance(decompress(body, encoding, 1000), (bytes, Refusal))


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_members_are_counted(encoding: str) -> None:
    member = COMPRESSORS[encoding](b"ab")
    assert decompress(member * MAX_MEMBERS, encoding, 1000) == b"ab" * MAX_MEMBERS
    for many in (MAX_MEMBERS + 1, 50_000):
        refusal = decompress(member * many, encoding, 1000)
        assert isinstance(refusal, Refusal)
        assert "more than 16" in refusal.message or refusal.reason is Reason.TOO_LARGE


def test_unknown_encodings_are_invalid() -> None:
    for encoding in ("br", "snappy", "gzip, gzip", "GZIP"):
        refusal = decompress(b"", encoding, 10)
        assert isinstance(refusal, Refusal)
        assert refusal.reason is Reason.INVALID


@pytest.mark.parametrize("encoding", COMPRESSORS)
def test_a_bomb_costs_the_limit_and_little_more(encoding: str) -> None:
    if encoding == "zstd":
        compressor = zstandard.ZstdCompressor().compressobj()
        bomb = b"".join(compressor.compress(bytes(MIB)) for _ in range(300)) + compressor.flush()
    else:
        wbits = 31 if "gzip" in encoding else 15
        deflate = zlib.compressobj(wbits=wbits)
        bomb = b"".join(deflate.compress(bytes(MIB)) for _ in range(300)) + deflate.flush()
    assert len(bomb) < MIB
    tracemalloc.start()
    try:
        refusal = decompress(bomb, encoding, 2 * MIB)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.TOO_LARGE
    assert peak_bytes < 24 * MIB


def test_random_bytes_survive_zstd_in_its_small_steps() -> None:
    data = os.urandom(300_000)
    assert decompress(zstandard.ZstdCompressor(level=19).compress(data), "zstd", MIB) == data
