"""A dead letter from its two sides: made when a card is buried, read when a person asks or sends it again. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import DecodeError

from otel_discord._proto import dead_letter_pb2
from otel_discord.component.dead_letters import Letter
from otel_discord.discord_api.outcome_types import FieldError
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.signals import attributes_to_dict, find_attribute, severity_range, to_plain

TEXT_CHARS: Final = 500
_WORDS_CHARS: Final = 1000
_ERRORS: Final = 20
_ERROR_CHARS: Final = 300
_DETAIL_CHARS: Final = 20_000
_WEBHOOK_TOKEN: Final = re.compile(r"(?i)(webhooks(?:/|%2f|\\/)[\w\-.]{1,64}(?:/|%2f|\\/))[\w\-.~%]+")
_NUMBERS: Final = re.compile(r"^status \d{3}(?:, code \d+)?: ")
_REPLAYED: Final = "sent again after "
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


# ------------------------------------------------------------------------------------------------------- burying


def letter_payload(card_payload: bytes, cause: Cause, *, destination: str, time_ns: int) -> bytes:
    """Return a serialised ``otel_discord.v1.DeadLetter`` about a card of a lane."""
    return dead_letter_pb2.DeadLetter(
        time_unix_nano=time_ns,
        destination=destination,
        reason=cause.reason,
        http_status=cause.status,
        discord_code=_int32(cause.code),
        discord_message=masked(own_words(cause.detail), _WORDS_CHARS),
        errors=[
            dead_letter_pb2.DeadLetter.FieldError(
                path=masked(path_text(error), _ERROR_CHARS),
                code=masked(error.code, 100),
                message=masked(error.message, _ERROR_CHARS),
            )
            for error in cause.errors[:_ERRORS]
        ],
        attempts=cause.attempts,
        card=card_payload,
        lost_attachments=_lost_attachments(card_payload),
    ).SerializeToString()


def own_words(detail: str) -> str:
    """Return Discord's words without the numbers that an outcome puts before them; a letter has these apart."""
    return _NUMBERS.sub("", detail)


def path_text(error: FieldError) -> str:
    """Return ``embeds[0].fields[3].value``."""
    text = ""
    for part in error.path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def masked(text: str, chars: int) -> str:
    """Return the beginning of a text, as UTF-8 can say it, without the tokens of webhook addresses."""
    whole = text[: 4 * chars].encode("utf-8", "replace").decode("utf-8")
    return without_tokens(whole)[:chars]


def without_tokens(text: str) -> str:
    """Return a text with ``***`` for the tokens of webhook addresses."""
    return _WEBHOOK_TOKEN.sub(r"\1***", text)


def _int32(code: int) -> int:
    return code if 0 <= code < 2**31 else 0


def _lost_attachments(card_payload: bytes) -> list[str]:
    try:
        return [ref.filename for ref in Card.from_bytes(card_payload).attachments if ref.shelf_key]
    except DecodeError:
        return []


# ------------------------------------------------------------------------------------------------------- reading


def read_letter(letter_id: int, payload: bytes) -> Letter:
    """Return a letter as a person reads it, also where its bytes are damaged."""
    try:
        stored = dead_letter_pb2.DeadLetter.FromString(payload)
    except DecodeError:
        return Letter(id=letter_id, time_ns=0, destination="", reason="", text="(a letter that cannot be read)")
    severity, service, text, count = _record(stored.card)
    return Letter(
        id=letter_id,
        time_ns=stored.time_unix_nano,
        destination=stored.destination,
        reason=stored.reason,
        status=stored.http_status,
        code=stored.discord_code,
        words=stored.discord_message,
        errors=tuple(_error_text(error) for error in stored.errors),
        attempts=stored.attempts,
        severity=severity,
        service=service,
        text=text,
        count=count,
        lost_attachments=tuple(stored.lost_attachments),
    )


def letter_details(payload: bytes) -> dict[str, Any]:
    """Return everything readable of the record, as JSON can say it; empty where the bytes are damaged."""
    try:
        stored = dead_letter_pb2.DeadLetter.FromString(payload)
        card = Card.from_bytes(stored.card)
        resource, scope, record = card.parts()
    except DecodeError:
        return {}
    details: dict[str, Any] = {
        "first_seen_unix_nano": card.first_seen_ns,
        "last_seen_unix_nano": card.last_seen_ns,
        "accepted_unix_nano": card.accepted_ns,
        "severity_number": card.severity,
        "event_name": record.event_name,
        "body": to_plain(record.body),
        "attributes": attributes_to_dict(record.attributes),
        "resource": attributes_to_dict(resource.attributes),
        "scope": scope.name,
        "trace_id": record.trace_id.hex(),
        "span_id": record.span_id.hex(),
        "notes": list(card.notes),
        "attachments": [ref.filename for ref in card.attachments if not ref.shelf_key],
    }
    return {name: _bounded(value) for name, value in details.items() if value}


def details_text(payload: bytes) -> str:
    """Return :func:`letter_details` as JSON, for a log that is the last place that has the record."""
    return json.dumps(letter_details(payload), ensure_ascii=False, default=str)


def _error_text(error: dead_letter_pb2.DeadLetter.FieldError) -> str:
    return ": ".join(part for part in (error.path, error.message or error.code) if part)


def _record(card_payload: bytes) -> tuple[str, str, str, int]:
    """Return severity, service, first words and count."""
    try:
        card = Card.from_bytes(card_payload)
    except DecodeError:
        return "", "", "(a record that cannot be read)", 1
    severity = severity_range(card.severity).name
    try:
        resource, _, record = card.parts()
    except DecodeError:  # nested too deeply to be read again
        return severity, "", "(a record that cannot be read)", card.count
    service = find_attribute(resource.attributes, "service.name")
    text = find_attribute(record.attributes, "exception.message") or to_plain(record.body) or record.event_name
    words = " ".join(str(text or "(no text)")[: 4 * TEXT_CHARS].split())
    return severity, _line(service if isinstance(service, str) else "", 100), masked(words, TEXT_CHARS), card.count


def _line(text: str, chars: int) -> str:
    return " ".join(text[: 4 * chars].split())[:chars]


def _bounded(value: Any) -> Any:
    """Return a plain value without tokens of webhooks and without texts that fill a terminal for minutes."""
    if isinstance(value, str):
        return masked(value, _DETAIL_CHARS)
    if isinstance(value, bytes):
        return value[:_DETAIL_CHARS].hex()
    if isinstance(value, dict):
        return {masked(str(key), _ERROR_CHARS): _bounded(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_bounded(item) for item in value]
    return value


# --------------------------------------------------------------------------------------------------- sending again


def card_of(payload: bytes, *, now_ns: int) -> Card | None:
    """Return the card that a letter is sent again as: the same record, and a note that it comes late.

    It counts as accepted ``now_ns``: who sends again what is older than ``max_age`` wants to have it. None where the
    letter's bytes are damaged: what is damaged is never sent.
    """
    try:
        stored = dead_letter_pb2.DeadLetter.FromString(payload)
        card = Card.from_bytes(stored.card)
        card.parts()
    except DecodeError:
        return None
    lost = [f"{name}: could not be kept" for name in stored.lost_attachments]
    before = [note for note in card.notes if not note.startswith(_REPLAYED) and note not in lost]
    late = f"{_REPLAYED}{age_text((now_ns - stored.time_unix_nano) / 1e9)} as a dead letter"
    kept = tuple(ref for ref in card.attachments if not ref.shelf_key)  # keys of a shelf that may be gone
    return replace(card, accepted_ns=now_ns, attachments=kept, notes=(late, *before, *lost), been_to=(), routed_to=())


def age_text(age_s: float) -> str:
    """Return how long something took as people say it: ``3 h``, ``2 d``, ``less than a minute``."""
    for seconds, unit in _UNITS:
        if age_s >= seconds:
            return f"{int(age_s // seconds)} {unit}"
    return "less than a minute"
