"""Ids of traces and spans: hex, or "" where there is none."""

import pytest

from otel_discord.signals import span_id_hex, trace_id_hex


@pytest.mark.parametrize(
    ("shown", "value", "text"),
    [
        (trace_id_hex, bytes(range(16)), "000102030405060708090a0b0c0d0e0f"),
        (span_id_hex, b"\x00" * 7 + b"\x01", "0000000000000001"),
        (trace_id_hex, b"", ""),
        (span_id_hex, b"", ""),
        (trace_id_hex, bytes(16), ""),
        (span_id_hex, bytes(8), ""),
        (trace_id_hex, b"\x01" * 8, ""),
        (trace_id_hex, b"\x01" * 17, ""),
        (span_id_hex, b"\x01" * 16, ""),
    ],
)
def test_only_an_id_of_the_right_length_that_is_not_zero_is_one(shown, value: bytes, text: str) -> None:
    assert shown(value) == text
