"""Whatever a record does to a template, the others go on."""

import logging
from collections.abc import Sequence

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.render import Rendered
from otel_discord.exporters.discord.safe_render import SafeRenderer


class Breaks:
    def render(self, card: Card, *, repeated: bool = False, notes: Sequence[str] = ()) -> Rendered:
        raise ZeroDivisionError("a template gone wrong")


def card(record: bytes) -> Card:
    return Card(resource=b"", scope=b"", record=record, severity=17, first_seen_ns=1, last_seen_ns=1, accepted_ns=1)


def title(record: bytes) -> str:
    embed = SafeRenderer(Breaks(), logging.getLogger("test")).render(card(record)).embed
    assert embed is not None
    return embed.title


def test_it_is_shown_plainly_and_said(caplog: pytest.LogCaptureFixture) -> None:
    record = LogRecord(body=AnyValue(string_value="disk *full* @everyone " + "x" * 500)).SerializeToString()
    shown = title(record)
    assert shown.startswith("ERROR unknown service: disk \\*full\\* ")
    assert "@everyone" not in shown
    assert len(shown) <= 256
    assert "could not be rendered" in caplog.text


def test_a_record_that_cannot_be_read_is_shown_as_such() -> None:
    assert title(b"\xff\xff not a record") == "ERROR (a record that cannot be read)"
