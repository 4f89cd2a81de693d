import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.redaction import Masker, MaskingPlan, select_patterns
from otel_discord.redaction.disguise import MAY_BE_DISGUISED, unveil, unveiled
from otel_discord.redaction.engine import Sweep
from otel_discord.redaction.secret_keys import kind_of_key
from otel_discord.redaction.user_ids import is_user_id_key
from otel_discord.templating.text import neutralise

CREDENTIALS = Masker(MaskingPlan())
TOKEN = "ghp" + "_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
HIDDEN = [
    "\u200b", "\u200b\u200b", "\u200d", "\u00ad", "\u2060", "\ufeff", "\u202e", "\u2066", "\u034f", "\ufe0f",
    "\x00", "\x00\x00", "\x08",
    "\x7f", "\x1b[0m", "\x1b[1;31m", "\U000e0041", "\u3164", "\u0301", "\x1b]0;title\x07", "\x9b", "\u115f",
]  # fmt: skip


@pytest.mark.parametrize("hidden", HIDDEN, ids=ascii)
@pytest.mark.parametrize("at", [1, 4, 12])
def test_what_a_reader_does_not_see_hides_nothing(hidden: str, at: int) -> None:
    text = f"remote said {TOKEN[:at]}{hidden}{TOKEN[at:]} is gone"
    assert CREDENTIALS.mask_text(text) == "remote said [github-token] is gone"
    record = LogRecord(body=AnyValue(string_value=text))
    assert not CREDENTIALS.is_clean(record)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pass\u200bword=hunter-22", "pass\u200bword=[password]"),
        ("password\u202e = hunter-22 x", "password\u202e = [password] x"),
        ("password=\u200bhunter-22", "password=[password]"),
        ("\x1b[1mpassword\x1b[0m: hunter-22", "\x1b[1mpassword\x1b[0m: [password]"),
        ("\uff50assword\uff1dhunter-22", "\uff50assword\uff1d[password]"),
        ("\u0440\u0430ssword=hunter-22", "\u0440\u0430ssword=[password]"),
        ("PASSWORD\u00a0=\u00a0hunter-22", "PASSWORD\u00a0=\u00a0[password]"),
        ("x\u200b" + TOKEN, "x\u200b[github-token]"),
    ],
)
def test_a_disguised_key_is_read(text: str, shown: str) -> None:
    assert CREDENTIALS.mask_text(text) == shown
    assert CREDENTIALS.texts.masked(text).text == shown


def test_personal_data_in_disguise() -> None:
    masker = Masker(MaskingPlan(patterns=select_patterns(["personal"])))
    assert masker.mask_text("ann\uff20example.com") == "[email]"
    assert masker.mask_text("4111\u00a01111\u00a01111\u00a01111") == "[card]"
    assert masker.mask_text("ann\u200b@example.com") == "[email]"


def test_disguised_keys_of_attributes() -> None:
    assert kind_of_key("db.pass\u200bword") == "password"
    assert is_user_id_key("user\u2060.id")


@pytest.mark.parametrize(
    "text", ["", "plain", "two\nlines\tand a tab", "na\u00efve caf\u00e9", "\u4f60\u597d", "\U0001f600"]
)
def test_what_is_not_disguised_is_the_same_object(text: str) -> None:
    assert unveil(text) is text
    assert CREDENTIALS.mask_text(text) is text


@given(st.text())
def test_every_character_seen_has_its_place(text: str) -> None:
    seen = unveiled(text)
    assert len(seen.text) == len(seen.places)
    assert seen.places == sorted(set(seen.places))
    assert all(place < len(text) for place in seen.places)


@given(st.text(st.sampled_from([*"aZ0", *(each for each in HIDDEN if len(each) == 1)])))
def test_nothing_that_cards_remove_is_left(text: str) -> None:
    """What cards show of a text has no more in it than what masking has looked through."""
    shown = "".join(char for char in neutralise(text) if char.isascii() and char.isalnum())
    assert "".join(char for char in unveil(text) if char.isascii() and char.isalnum()) == shown


def test_letters_and_signs_of_ascii_are_no_disguise() -> None:
    sweep = Sweep([MAY_BE_DISGUISED])
    assert sweep.hits("".join(chr(code) for code in range(32, 127)) + "\n\t\r") is None
