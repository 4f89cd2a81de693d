"""Single values of OTLP/JSON, by themselves."""

import math

import pytest

from otel_discord.signals.otlp_json_scalars import Unreadable, base64_bytes, boolean, double, hex_id, string


@pytest.mark.parametrize(
    ("read", "value", "result"),
    [
        (boolean, True, True),
        (string, "x", "x"),
        (double, 3, 3.0),
        (double, "-1.5e3", -1500.0),
        (double, "Infinity", math.inf),
        (base64_bytes, "_-8", b"\xff\xef"),
        (base64_bytes, "/+8=", b"\xff\xef"),
        (hex_id, "0aF0", b"\x0a\xf0"),
    ],
)
def test_what_is_read(read, value: object, result: object) -> None:
    assert read(value, 0) == result


@pytest.mark.parametrize(
    ("read", "value", "must_be"),
    [
        (boolean, 1, "true or false"),
        (boolean, "true", "true or false"),
        (string, 1, "a string"),
        (double, True, "a number"),
        (double, "1_0", "a number"),
        (double, [], "a number"),
        (base64_bytes, 1, "base64"),
        (base64_bytes, "é", "base64"),
        (base64_bytes, "a", "base64"),
        (hex_id, "abc", "hexadecimal"),
        (hex_id, b"ab", "hexadecimal"),
        (hex_id, "éé", "hexadecimal"),
    ],
)
def test_what_is_refused(read, value: object, must_be: str) -> None:
    with pytest.raises(Unreadable, match=must_be):
        read(value, 0)
