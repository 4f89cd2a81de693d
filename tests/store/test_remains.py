"""What becomes of rows that are not as they were written."""

from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord._proto.dead_letter_pb2 import DeadLetter
from otel_discord._proto.queue_pb2 import Card
from otel_discord.store.remains import (
    DAMAGED,
    REMAINS_ATTRIBUTE,
    damaged_letter,
    letter_of_batch,
    letter_of_card,
    letter_of_posted,
)
from otel_discord.store.rows import seal
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, POSTED

NOW_NS = 1_700_000_000_000_000_000
CARD = Card(record=LogRecord(severity_text="x").SerializeToString(), count=3).SerializeToString()


def card_in(payload: bytes) -> Card:
    return Card.FromString(DeadLetter.FromString(payload).card)


def remains_in(payload: bytes) -> tuple[str, bytes]:
    record = LogRecord.FromString(card_in(payload).record)
    left = [each.value.bytes_value for each in record.attributes if each.key == REMAINS_ATTRIBUTE]
    return record.body.string_value, left[0] if left else b""


def with_column(row: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    return (*row[:place], value, *row[place + 1 :])


def test_a_card_that_can_still_be_read_is_in_its_letter() -> None:
    row = seal(CARDS, (7, "q", "ops", 9, 3, 2, 1), CARD)
    letter = letter_of_card(with_column(row, 3, 21), NOW_NS)
    assert (letter.time_ns, letter.destination, letter.reason) == (NOW_NS, "ops", DAMAGED)
    read = DeadLetter.FromString(letter.payload)
    assert (read.card, read.attempts, read.destination, read.reason) == (CARD, 2, "ops", DAMAGED)
    assert read.discord_message == "row 7 of cards did not match its checksum"


@pytest.mark.parametrize(
    ("frame", "left"),
    [
        (b"\0\xff\xff\xff", b"\xff\xff\xff"),
        (b"\7what", b"\7what"),
        (b"\0" + Card(record=b"\xff", count=1).SerializeToString(), Card(record=b"\xff", count=1).SerializeToString()),
        (b"\0", b""),
        (b"", b""),
        (None, b""),
        (5, b""),
    ],
)
def test_what_is_left_of_a_card_is_in_a_card_that_can_be_read(frame: Any, left: bytes) -> None:
    row = with_column(seal(CARDS, (7, "q", "ops", 9, 3, 2, 1), CARD), -1 % len(CARDS.columns), frame)
    letter = letter_of_card(row, NOW_NS)
    assert remains_in(letter.payload) == ("a stored message was damaged", left)
    assert card_in(letter.payload).count == 1


def test_columns_of_any_kind_do_no_harm() -> None:
    for value in (None, -1, 1 << 62, 0.5, b"\xff", "text"):
        for place in range(1, len(CARDS.columns)):
            letter_of_card(with_column(seal(CARDS, (7, "q", "ops", 9, 3, 2, 1), CARD), place, value), NOW_NS)
        for place in range(1, len(BATCHES.columns)):
            row = seal(BATCHES, (7, "q", "logs", 9, 5, 3, 20, 0, 0), b"xyz")
            letter_of_batch(with_column(row, place, value), NOW_NS)
        for place in range(1, len(LETTERS.columns)):
            damaged_letter(with_column(seal(LETTERS, (7, "q", 5, "ops", "gone", 3), b"xyz"), place, value))


def test_a_batch_counts_its_records() -> None:
    row = seal(BATCHES, (7, "q", "logs", 9, 5, 3, 20, 0, 0), b"request" * 1000)
    letter = letter_of_batch(with_column(row, 3, 21), NOW_NS)
    assert (letter.destination, letter.reason) == ("", DAMAGED)
    card = card_in(letter.payload)
    assert (card.count, card.accepted_unix_nano) == (3, 5)
    assert remains_in(letter.payload) == ("a stored batch of 3 records was damaged", b"request" * 1000)


def test_a_damaged_letter_keeps_its_card() -> None:
    payload = DeadLetter(destination="ops", reason="gone", card=CARD).SerializeToString()
    row = seal(LETTERS, (7, "q", 5, "ops", "gone", len(payload)), payload)
    letter = damaged_letter(with_column(row, 4, "gome"))
    assert (letter.id, letter.time_ns, letter.destination, letter.reason) == (7, 5, "ops", DAMAGED)
    assert DeadLetter.FromString(letter.payload).card == CARD
    letter = damaged_letter(with_column(row, len(row) - 1, b"\0\xff\xff"))
    assert remains_in(letter.payload) == ("a dead letter was damaged", b"\xff\xff")


def test_of_a_posted_card_what_discord_does_not_show_is_in_its_letter() -> None:
    row = seal(POSTED, (7, "q", "ops", 3, 1, 9, 2), CARD)
    letter = letter_of_posted(with_column(row, 5, 21), NOW_NS)
    assert letter is not None
    assert (letter.time_ns, letter.destination, letter.reason) == (NOW_NS, "ops", DAMAGED)
    assert card_in(letter.payload).count == 1
    assert card_in(letter.payload).record == Card.FromString(CARD).record
    assert DeadLetter.FromString(letter.payload).discord_message == "row 7 of posted did not match its checksum"


@pytest.mark.parametrize("shown", [3, 4, 1 << 40])
def test_a_posted_card_that_discord_shows_whole_leaves_no_letter(shown: int) -> None:
    assert letter_of_posted(seal(POSTED, (7, "q", "ops", 3, 1, 9, shown), CARD), NOW_NS) is None


def test_a_posted_card_that_cannot_be_read_leaves_what_is_left() -> None:
    for value in (None, -1, 1 << 62, 0.5, b"\xff", "text"):
        for place in range(1, len(POSTED.columns)):
            letter_of_posted(with_column(seal(POSTED, (7, "q", "ops", 3, 1, 9, 2), CARD), place, value), NOW_NS)
    letter = letter_of_posted(seal(POSTED, (7, "q", "ops", 3, 1, 9, 2), b"\xff\xff"), NOW_NS)
    assert letter is not None
    assert remains_in(letter.payload) == ("a message that Discord has was damaged here", b"\xff\xff")
