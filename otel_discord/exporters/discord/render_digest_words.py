"""What a problem is called where it has one line only, read as cheaply as possible. Pure functions."""

from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.facts import NO_MESSAGE
from otel_discord.exporters.discord.facts_body import body_facts
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.facts_values import short_text

WILDCARD: Final = "<*>"
_MOST_WILDCARDS: Final = 3
"""With more of them the words of one record say more than the template."""
_MAX_WORDS_CHARS: Final = 200
_READ_CHARS: Final = 1_000
_MAX_ATTRIBUTES: Final = 128
_EXCEPTION: Final = "exception."


def service_of(card: Card) -> str:
    """Return the service's name; "" where it has none."""
    return source_facts(card.resource).service


def problem_words(card: Card) -> str:
    """Return one line: the template of a problem that repeats, else the words of its first record."""
    if card.count > 1 and card.template and card.template.count(WILDCARD) <= _MOST_WILDCARDS:
        return short_text(card.template, _MAX_WORDS_CHARS) or first_words(card)
    return first_words(card)


def first_words(card: Card) -> str:
    """Return the first line of what the card's record says, as sent."""
    try:
        record = LogRecord.FromString(card.record)
    except DecodeError:  # nested too deeply, by a client in this process
        return NO_MESSAGE
    return _exception(record) or _one_line(_body(record)) or _one_line(record.event_name) or NO_MESSAGE


def files_left_out(card: Card) -> str:
    """Return ``2 files left out`` for a card whose files do not go along."""
    files = len(card.attachments)
    return f"{files} file{'s' * (files != 1)} left out" if files else ""


def _exception(record: LogRecord) -> str:
    found = {
        pair.key: pair.value.string_value[:_READ_CHARS]
        for pair, _ in zip(record.attributes, range(_MAX_ATTRIBUTES), strict=False)
        if pair.key.startswith(_EXCEPTION)
    }
    kind = found.get("exception.type", "").rsplit(".", 1)[-1]
    return _one_line(": ".join(part for part in (kind, _first_line(found.get("exception.message", ""))) if part))


def _body(record: LogRecord) -> str:
    text = record.body.string_value
    if text and not text.startswith("{"):
        return _first_line(text[: 4 * _READ_CHARS])
    return _first_line(body_facts(record.body).text)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:_READ_CHARS]


def _one_line(text: str) -> str:
    return short_text(text, _MAX_WORDS_CHARS)
