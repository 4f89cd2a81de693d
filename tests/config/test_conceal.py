"""Hidden values leave messages, whole or in pieces."""

import pytest

from otel_discord.config.conceal import conceal, hidden_in
from otel_discord.config.raw_text import RawText


@pytest.mark.parametrize(
    ("message", "hidden", "whole", "expected"),
    [
        ("'abc' is bad", {"abc": "${env:X}"}, False, "${env:X} is bad"),
        ("abc is bad", {"abc": "${env:X}"}, False, "abc is bad"),
        ("abc is bad", {"abc": "${env:X}"}, True, "${env:X} is bad"),
        ("abcd is bad", {"abcd": "${env:X}"}, False, "${env:X} is bad"),
        ("host secret-host.example", {"https://secret-host.example/x": "${env:X}"}, False, "is not valid here"),
        (
            "'secret-host.example' is not it: see https://discord.com/api/webhooks/",
            {"https://secret-host.example/api/webhooks/1/x": "${env:X}"},
            False,
            "${env:X} is not it: see https://discord.com/api/webhooks/",
        ),
        ("see /webhooks/123/abc-DEF_1 there", {}, False, "see /webhooks/123/[REDACTED] there"),
        ("must be text", {"x": "${env:X}"}, True, "must be text"),
    ],
)
def test_messages(message: str, hidden: dict[str, str], whole: bool, expected: str) -> None:
    assert conceal(message, hidden, whole=whole).startswith(expected)


def test_what_is_hidden() -> None:
    value = {
        "a": [RawText("s", "s", "${env:S}")],
        "b": RawText("0x1", 1),
        "c": RawText("[q]", [RawText("q", "q", "o")], "o"),
    }
    assert hidden_in(value) == {"s": "${env:S}", "[q]": "o", "q": "o"}
