"""Whatever the reason is, the header is one that Discord takes."""

import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.bot.audit_reason import encode_reason


@given(st.text(max_size=700))
def test_the_header_is_encoded_and_short_enough(reason: str) -> None:
    encoded = encode_reason(reason)
    assert len(encoded) <= 512
    assert re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*", encoded)
    unquote(encoded, errors="strict")
    assert bool(encoded) == bool("".join(reason.split()) and unquote(encoded).strip())


def test_words_survive() -> None:
    assert unquote(encode_reason("Run 7 beginnt — für ci")) == "Run 7 beginnt — für ci"
    assert unquote(encode_reason("a\r\nX-Evil: 1")) == "a X-Evil: 1"
    assert encode_reason(" \n ") == ""
