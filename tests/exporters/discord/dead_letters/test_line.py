"""One line a letter: readable first, the original behind it, damage noticed."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.component.dead_letters import time_text
from otel_discord.component.storage import LetterFilter
from otel_discord.exporters.discord.dead_letters import line as lines
from otel_discord.exporters.discord.dead_letters.letter import letter_payload, read_letter
from otel_discord.exporters.discord.dead_letters.line import (
    is_chosen,
    letter_of,
    line_of,
    pack,
    parse_line,
    time_ns_of,
    unpack,
)
from tests.exporters.discord.dead_letters.test_letter import REFUSED, SHOP, random_card, text_record
from tests.exporters.discord.records import card_of

TIME_NS = 1_769_860_803_123_456_000


def payload_of(text: str = "Payment declined", time_ns: int = TIME_NS, destination: str = "errors") -> bytes:
    card = card_of(text_record(text), SHOP)
    return letter_payload(card.to_bytes(), REFUSED, destination=destination, time_ns=time_ns)


def test_a_line_reads_well() -> None:
    line = line_of(17, payload_of(), "discord")
    fields = json.loads(line)
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    assert list(fields) == [
        "time", "exporter", "destination", "reason", "status", "code", "discord", "errors", "attempts", "severity",
        "service", "text", "count", "id", "original",
    ]  # fmt: skip
    assert fields["time"] == "2026-01-31T12:00:03.123456Z"
    assert fields["id"] == 17
    assert unpack(fields["original"]) == payload_of()


@given(st.integers(0, 10_000), st.integers(0, 2**63 - 1))
def test_any_letter_survives_its_line(seed: int, time_ns: int) -> None:
    card = random_card(seed)
    payload = letter_payload(card.to_bytes(), REFUSED, destination="errors", time_ns=time_ns)
    fields = parse_line(line_of(3, payload, "discord/ops"))
    assert fields is not None
    assert unpack(fields["original"]) == payload
    letter = letter_of(fields)
    assert letter is not None
    assert letter.to_json() == read_letter(3, payload).to_json()


@given(st.integers(0, 250_000_000_000_000_000_000))
def test_times(time_ns: int) -> None:
    back = time_ns_of(time_text(time_ns))
    assert back is not None
    assert back == time_ns // 1000 * 1000 or time_ns > 253_402_300_799_999_999_999


def test_a_time_beyond_the_calendar_is_no_error() -> None:
    assert time_text(2**64 - 1).startswith("2554-")
    assert time_text(10**24) == "1970-01-01T00:00:00.000000Z"


@given(st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    text = pack(payload_of())
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABCabc+/012="))
    changed = text[:place] + other + text[place + 1 :]
    assert unpack(changed) in {None, payload_of()}


@pytest.mark.parametrize("bad", [None, 3, "", "%%%", "AAAA", pack(b"x")[:8]])
def test_what_is_no_original(bad: object) -> None:
    assert unpack(bad) is None


def test_an_original_does_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_PAYLOAD_BYTES", 1000)
    assert unpack(pack(b"x" * 1000)) == b"x" * 1000
    assert unpack(pack(b"x" * 1_000_000)) is None


@pytest.mark.parametrize("torn", [b"", b"\n", b"{", b"[1]", b'{"id": "x"}', b'{"time": 1}', b"\xff\n"])
def test_what_is_no_line(torn: bytes) -> None:
    assert parse_line(torn) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"id": 1, "count": 1},
        {"id": 1, "count": 1, "time": "yesterday"},
        {"id": 1, "count": 1, "time": "2026-01-31T12:00:03"},
        {"id": 1, "count": "1", "time": "2026-01-31T12:00:03Z"},
        {"id": None, "count": 1, "time": "2026-01-31T12:00:03Z"},
    ],
)
def test_what_is_no_letter(fields: dict[str, object]) -> None:
    assert letter_of(fields) is None


def test_fields_of_another_type_are_left_out() -> None:
    letter = letter_of({"id": 1, "count": 2, "time": "2026-01-31T12:00:03Z", "errors": "x", "text": 3, "status": "400"})
    assert letter is not None
    assert (letter.errors, letter.text, letter.status, letter.count) == ((), "", 0, 2)


@pytest.mark.parametrize(
    ("chosen", "result"),
    [
        (LetterFilter(), True),
        (LetterFilter(since_ns=TIME_NS), True),
        (LetterFilter(since_ns=TIME_NS + 1), False),
        (LetterFilter(until_ns=TIME_NS), False),
        (LetterFilter(until_ns=TIME_NS + 1), True),
        (LetterFilter(destinations=frozenset({"errors", "x"})), True),
        (LetterFilter(destinations=frozenset({"x"})), False),
        (LetterFilter(reasons=frozenset({"timeout"})), False),
        (LetterFilter(reasons=frozenset({"invalid_form"})), True),
        (LetterFilter(ids=frozenset({17})), True),
        (LetterFilter(ids=frozenset({18})), False),
    ],
)
def test_filters(chosen: LetterFilter, result: bool) -> None:
    assert is_chosen(read_letter(17, payload_of()), chosen) is result


def test_orjson_takes_what_is_written() -> None:
    assert orjson.loads(line_of(1, b"\xff", "discord"))["text"] == "(a letter that cannot be read)"
