"""What the error log says of records that were not delivered: one line each, whatever is in them."""

from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.last_words import last_words


def card(record: bytes, count: int = 1) -> Card:
    return Card(
        resource=b"", scope=b"", record=record, severity=17, first_seen_ns=1, last_seen_ns=1, accepted_ns=1, count=count
    )


def test_one_line_says_what_and_how_often() -> None:
    record = LogRecord(body=AnyValue(string_value="two\nlines")).SerializeToString()
    assert list(last_words([card(record), card(b"", 1200)])) == [
        "ERROR unknown service: two lines",
        "ERROR ×1,200 unknown service: (no text)",
    ]


def test_a_record_that_cannot_be_read_again_has_a_line_too() -> None:
    assert list(last_words([card(b"\xff")])) == ["ERROR (a record that cannot be read)"]
