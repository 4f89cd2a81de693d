"""What a digest says of records that cannot be read, and of times beyond the calendar."""

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.facts import NO_MESSAGE
from otel_discord.exporters.discord.render_digest_file import digest_text
from otel_discord.exporters.discord.render_digest_words import first_words


def card(record: bytes = b"", *, at_ns: int = 0) -> Card:
    return Card(
        resource=b"", scope=b"", record=record, severity=17, first_seen_ns=at_ns, last_seen_ns=at_ns, accepted_ns=0
    )


def test_a_record_that_cannot_be_read_has_no_message() -> None:
    assert first_words(card(b"\xff\xff")) == NO_MESSAGE


def test_times_beyond_the_calendar_are_not_told() -> None:
    text = digest_text([card(at_ns=10**9), card(at_ns=10**24)], "2 problems, 2 events", 0.0)
    assert "1970-01-01 00:00:01" in text
    assert " - " in text
