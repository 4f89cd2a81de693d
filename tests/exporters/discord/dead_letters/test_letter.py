"""A letter from a card, and a card from a letter: exactly the same record, and nothing secret."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord.component import StoredCard
from otel_discord.discord_api.outcome_types import FieldError, Reason, Refused
from otel_discord.exporters.discord.cards import AttachmentRef, Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.dead_letters.letter import (
    age_text,
    card_of,
    letter_details,
    letter_payload,
    masked,
    path_text,
    read_letter,
)
from otel_discord.exporters.discord.lateness import expired
from tests.exporters.discord.records import RecordMaker
from tests.exporters.discord.records import card_of as new_card

SECOND_NS = 1_000_000_000
REFUSED = Cause(
    reason="invalid_form",
    detail="status 400, code 50035: Invalid Form Body",
    status=400,
    code=50035,
    errors=(FieldError(("embeds", 0, "fields", 3, "value"), "BASE_TYPE_MAX_LENGTH", "Must be 1024 or fewer."),),
    attempts=2,
)


def text_record(text: str, **attributes: str) -> LogRecord:
    pairs = [KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in attributes.items()]
    return LogRecord(body=AnyValue(string_value=text), severity_number=17, attributes=pairs)


def random_card(seed: int) -> Card:
    card = RecordMaker(seed).card()
    return replace(card, last_seen_ns=card.first_seen_ns)


SHOP = Resource(attributes=[KeyValue(key="service.name", value=AnyValue(string_value="checkout"))])


@given(st.integers(0, 10_000))
def test_the_same_record_comes_back(seed: int) -> None:
    card = random_card(seed)
    payload = letter_payload(card.to_bytes(), REFUSED, destination="errors", time_ns=SECOND_NS)
    back = card_of(payload, now_ns=SECOND_NS)
    assert back is not None
    assert (back.resource, back.scope, back.record) == (card.resource, card.scope, card.record)
    assert (back.count, back.severity, back.first_seen_ns) == (card.count, card.severity, card.first_seen_ns)
    read_letter(1, payload)
    letter_details(payload)


def test_what_a_person_reads() -> None:
    card = new_card(text_record("Payment declined:\n gateway   timeout"), SHOP, count=412)
    payload = letter_payload(card.to_bytes(), REFUSED, destination="errors", time_ns=7)
    letter = read_letter(17, payload)
    assert (letter.id, letter.time_ns, letter.destination, letter.reason) == (17, 7, "errors", "invalid_form")
    assert (letter.status, letter.code, letter.words, letter.attempts) == (400, 50035, "Invalid Form Body", 2)
    assert letter.errors == ("embeds[0].fields[3].value: Must be 1024 or fewer.",)
    assert (letter.severity, letter.service, letter.count) == ("ERROR", "checkout", 412)
    assert letter.text == "Payment declined: gateway timeout"


def test_an_exceptions_message_tells_more_than_the_body() -> None:
    card = new_card(text_record("request failed", **{"exception.message": "no route to host"}))
    assert (
        read_letter(1, letter_payload(card.to_bytes(), REFUSED, destination="x", time_ns=0)).text == "no route to host"
    )


def test_attachments_in_memory_are_named_as_lost_and_files_stay() -> None:
    refs = (
        AttachmentRef(filename="heap.bin", content_type="", description="", size_bytes=3, shelf_key=4),
        AttachmentRef(filename="app.log", content_type="", description="", size_bytes=3, path="/var/log/app.log"),
    )
    plain = new_card(text_record("x"))
    card = replace(plain, attachments=refs, notes=("a",))
    payload = letter_payload(card.to_bytes(), REFUSED, destination="x", time_ns=0)
    assert read_letter(1, payload).lost_attachments == ("heap.bin",)
    back = card_of(payload, now_ns=3 * 3600 * SECOND_NS)
    assert back is not None
    assert [ref.filename for ref in back.attachments] == ["app.log"]
    assert back.notes == ("sent again after 3 h as a dead letter", "a", "heap.bin: could not be kept")
    again = letter_payload(back.to_bytes(), REFUSED, destination="x", time_ns=3 * 3600 * SECOND_NS)
    twice = card_of(again, now_ns=3 * 3600 * SECOND_NS)
    assert twice is not None
    assert twice.notes == ("sent again after less than a minute as a dead letter", "a", "heap.bin: could not be kept")
    assert letter_details(again)["attachments"] == ["app.log"]


def test_what_is_sent_again_is_not_too_old_for_max_age() -> None:
    cause = Cause(reason=Reason.EXPIRED, detail="it waited longer than max_age")
    payload = letter_payload(new_card(text_record("x")).to_bytes(), cause, destination="x", time_ns=0)
    back = card_of(payload, now_ns=9 * 3600 * SECOND_NS)
    assert back is not None
    waiting = [StoredCard(1, "x", 0, back.to_bytes())]
    assert expired(waiting, 60.0, 9 * 3600.0 + 60) == []
    assert expired(waiting, 60.0, 9 * 3600.0 + 61) == waiting


def test_no_token_of_a_webhook_is_readable() -> None:
    token = "t0ken" * 13
    url = f"https://discord.com/api/webhooks/123/{token}"
    card = new_card(text_record(f"posting to {url}", url=url))
    cause = Cause(reason="x", detail=url, errors=(FieldError(("content",), "", url),))
    payload = letter_payload(card.to_bytes(), cause, destination="x", time_ns=0)
    assert token not in str(read_letter(1, payload))
    assert token not in str(letter_details(payload))
    assert masked(url.replace("/", "%2F"), 200).endswith("webhooks%2F123%2F***")


@pytest.mark.parametrize("damaged", [b"\xff\xff\xff", b"\x0a\x05ab"])
def test_what_is_damaged_is_shown_and_never_sent(damaged: bytes) -> None:
    assert read_letter(3, damaged).id == 3
    assert "cannot be read" in read_letter(3, damaged).text
    assert card_of(damaged, now_ns=0) is None
    assert letter_details(damaged) == {}
    of_damaged_card = letter_payload(damaged, REFUSED, destination="x", time_ns=5)
    assert read_letter(3, of_damaged_card).text == "(a record that cannot be read)"
    assert card_of(of_damaged_card, now_ns=0) is None


def test_a_record_that_cannot_be_read_keeps_its_severity() -> None:
    plain = new_card(text_record("x"))
    card = replace(plain, record=b"\xff")
    letter = read_letter(1, letter_payload(card.to_bytes(), REFUSED, destination="x", time_ns=0))
    assert (letter.severity, letter.text) == ("ERROR", "(a record that cannot be read)")


def test_details_are_bounded_and_plain() -> None:
    record = text_record("x" * 50_000)
    record.attributes.add(key="list").value.array_value.values.add(bytes_value=b"\x01\x02")
    record.attributes.add(key="map").value.kvlist_value.values.add(key="k").value.int_value = 3
    details = letter_details(letter_payload(new_card(record).to_bytes(), REFUSED, destination="x", time_ns=0))
    assert len(details["body"]) == 20_000
    assert details["attributes"]["map"] == {"k": 3}


def test_a_cause_from_an_answer() -> None:
    cause = Cause.of(Refused(reason="invalid_form", status=400, code=50035, detail="no", errors=REFUSED.errors), "r", 3)
    assert (cause.reason, cause.status, cause.code, cause.detail, cause.attempts) == ("r", 400, 50035, "no", 3)
    assert path_text(FieldError((), "", "")) == ""


@pytest.mark.parametrize(
    ("age_s", "words"),
    [(-5, "less than a minute"), (59, "less than a minute"), (60, "1 min"), (7200, "2 h"), (3 * 86_400, "3 d")],
)
def test_ages(age_s: float, words: str) -> None:
    assert age_text(age_s) == words
