"""A file holds the whole text, or both ends of it and says so."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.discord_api.limits import FILE_MAX_BYTES
from otel_discord.exporters.discord.evidence_files import MAX_FILE_BYTES, text_file
from tests.exporters.discord.test_render import card, rendered

MISSING = re.compile(r"\n… ([\d,]+) characters \([^)]+\) are missing here …\n")


def content_of(text: str, max_bytes: int = MAX_FILE_BYTES) -> str:
    part = text_file("a.txt", text, max_bytes=max_bytes).part
    content = part.open()
    assert isinstance(content, bytes)
    assert len(content) == part.size_bytes <= max_bytes < FILE_MAX_BYTES
    return content.decode()


def test_a_file_can_be_opened_again() -> None:
    file = text_file("trace.txt", "ä" * 10 + "\ud800", "of\x00 it")
    assert file.part.open() == file.part.open() == b"\xc3\xa4" * 10 + b"?"
    assert file.part.size_bytes == 21
    assert file.part.description == "of it"
    assert file.label == "trace.txt"


@pytest.mark.parametrize("text", ["x" * MAX_FILE_BYTES, "€" * (MAX_FILE_BYTES // 3)])
def test_up_to_the_bound_a_text_goes_along_whole(text: str) -> None:
    assert content_of(text) == text


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("x" * (12 * 1024 * 1024), "a.txt, 9.5 of 12 MiB"),
        ("€" * (4 * 1024 * 1024), "a.txt, 9.5 of 12 MiB"),
        ("x" * (MAX_FILE_BYTES + 2_000), "a.txt, without 2 KiB of its middle"),
    ],
)
def test_a_file_that_is_cut_says_so(text: str, label: str) -> None:
    assert text_file("a.txt", text).label.startswith(label)
    content = content_of(text)
    missing = MISSING.search(content)
    assert missing
    assert int(missing[1].replace(",", "")) == len(text) - len(MISSING.sub("", content))


@given(
    st.lists(st.sampled_from(["one line\n", "é€", "👩‍👩‍👧‍👦", "x" * 90, "\ud800"]), min_size=60).map("".join),
    st.integers(250, 400),
)
def test_both_ends_stay(text: str, max_bytes: int) -> None:
    content = content_of(text, max_bytes)
    missing = MISSING.search(content)
    readable = text.replace("\ud800", "?")
    assert missing
    assert readable.startswith(content[: missing.start()])
    assert readable.endswith(content[missing.end() :])


def test_the_card_says_that_its_file_is_cut() -> None:
    shown = rendered(card("first " + "x" * 12_000_000 + " last"))
    assert shown.embed is not None
    assert "📎 message.txt, 9.5 of 11.4 MiB" in shown.embed.description
    assert shown.files[0].open()[-5:] == b" last"  # type: ignore[index]


def test_a_long_message_of_an_exception_goes_along_whole() -> None:
    message = "first " + "x" * 3_000_000 + " last"
    shown = rendered(card("", {"exception.type": "E", "exception.message": message}))
    assert shown.files[0].open() == message.encode()


def test_a_message_beside_a_trace_that_does_not_hold_it_has_a_file_of_its_own() -> None:
    attributes = {"exception.type": "E", "exception.message": "m" * 900, "exception.stacktrace": "no\n" * 900}
    assert [part.filename for part in rendered(card("", attributes)).files] == ["trace.txt", "message.txt"]
    attributes["exception.stacktrace"] += "E: " + "m" * 900
    assert [part.filename for part in rendered(card("", attributes)).files] == ["trace.txt"]


def test_an_error_line_read_from_a_trace_goes_along_whole() -> None:
    line = "ValueError: " + "v" * 900
    trace = f'Traceback (most recent call last):\n  File "a.py", line 1\n{line}'
    shown = rendered(card("", {"exception.stacktrace": trace}), stack_traces=False)
    assert shown.files[0].open() == line.encode()
    assert shown.embed is not None
    assert "…(+" in shown.embed.title
