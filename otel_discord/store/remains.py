"""What a damaged row leaves: a dead letter that says so and holds what can still be read. Pure."""

from typing import Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord._proto.dead_letter_pb2 import DeadLetter
from otel_discord._proto.queue_pb2 import Card
from otel_discord.component.storage import NewLetter, StoredLetter
from otel_discord.store.ended_batches import whole
from otel_discord.store.frame import DamagedPayloadError, unpack
from otel_discord.store.schema import BATCHES, CARDS, LETTERS, POSTED, Table
from otel_discord.store.work import Row

DAMAGED: Final = "damaged"
"""The reason that the letter gives."""
REMAINS_ATTRIBUTE: Final = "otel_discord.remains"
"""The attribute that holds bytes of which nothing could be made."""


def letter_of_batch(row: Row, time_ns: int) -> NewLetter:
    """Return the letter of a damaged batch. Nobody knows any more where it was to go, so it has no destination."""
    read = dict(zip(BATCHES.columns, row, strict=True))
    items = whole(read["items"])
    words, left = f"a stored batch of {items} records was damaged", _bytes_left(read["payload"])
    remains = _card_saying(words, left, time_ns, records=max(items, 1), accepted_ns=whole(read["accepted_ns"]))
    return NewLetter(0, time_ns, "", DAMAGED, _letter(BATCHES, read["id"], "", time_ns, remains, 0))


def letter_of_card(row: Row, time_ns: int) -> NewLetter:
    """Return the letter of a damaged card; the card itself is in it where it can still be read."""
    read = dict(zip(CARDS.columns, row, strict=True))
    lane = read["lane"] if isinstance(read["lane"], str) else ""
    remains = _bytes_left(read["payload"])
    if not _is_card(remains):
        remains = _card_saying("a stored message was damaged", remains, time_ns)
    return NewLetter(
        0, time_ns, lane, DAMAGED, _letter(CARDS, read["id"], lane, time_ns, remains, whole(read["attempts"]))
    )


def letter_of_posted(row: Row, time_ns: int) -> NewLetter | None:
    """Return the letter of a posted card that is damaged, or whose message is; None where Discord shows all of it.

    A card that can still be read counts in its letter what Discord does not show.
    """
    read = dict(zip(POSTED.columns, row, strict=True))
    lane = read["lane"] if isinstance(read["lane"], str) else ""
    remains = _bytes_left(read["payload"])
    if _is_card(remains):
        card = Card.FromString(remains)
        shown = whole(read["shown"])
        if card.count <= shown:
            return None
        card.count -= shown
        remains = card.SerializeToString()
    else:
        remains = _card_saying("a message that Discord has was damaged here", remains, time_ns)
    return NewLetter(0, time_ns, lane, DAMAGED, _letter(POSTED, read["id"], lane, time_ns, remains, 0))


def damaged_letter(row: Row) -> StoredLetter:
    """Return a letter that is damaged itself, as what it is."""
    read = dict(zip(LETTERS.columns, row, strict=True))
    time_ns = whole(read["time_ns"])
    destination = read["destination"] if isinstance(read["destination"], str) else ""
    left = _bytes_left(read["payload"])
    try:
        card = DeadLetter.FromString(left).card
    except DecodeError:
        card = b""
    if not card or not _is_card(card):
        card = _card_saying("a dead letter was damaged", left, time_ns)
    payload = _letter(LETTERS, read["id"], destination, time_ns, card, 0)
    return StoredLetter(read["id"], time_ns, destination, DAMAGED, payload)


def _card_saying(words: str, left: bytes, time_ns: int, *, records: int = 1, accepted_ns: int | None = None) -> bytes:
    """Return a card that stands for records of which only these bytes are left."""
    return Card(
        record=_record(words, left),
        severity=SeverityNumber.SEVERITY_NUMBER_ERROR,
        count=records,
        first_seen_unix_nano=time_ns,
        last_seen_unix_nano=time_ns,
        accepted_unix_nano=time_ns if accepted_ns is None else accepted_ns,
    ).SerializeToString()


def _letter(table: Table, row_id: int, destination: str, time_ns: int, card: bytes, attempts: int) -> bytes:
    return DeadLetter(
        time_unix_nano=time_ns,
        destination=destination,
        reason=DAMAGED,
        discord_message=f"row {row_id} of {table.name} did not match its checksum",
        attempts=min(attempts, (1 << 32) - 1),
        card=card,
    ).SerializeToString()


def _bytes_left(frame: Any) -> bytes:
    if not isinstance(frame, bytes):
        return b""
    try:
        return unpack(frame)
    except DamagedPayloadError:
        return frame


def _is_card(payload: bytes) -> bool:
    try:
        card = Card.FromString(payload)
        Resource.FromString(card.resource)
        InstrumentationScope.FromString(card.scope)
        LogRecord.FromString(card.record)
    except DecodeError:
        return False
    return card.count > 0


def _record(words: str, remains: bytes) -> bytes:
    return LogRecord(
        severity_number=SeverityNumber.SEVERITY_NUMBER_ERROR,
        body=AnyValue(string_value=words),
        attributes=[KeyValue(key=REMAINS_ATTRIBUTE, value=AnyValue(bytes_value=remains))] if remains else [],
    ).SerializeToString()
