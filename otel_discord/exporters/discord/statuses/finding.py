"""Which records are a status: events with ``heartbeat.fingerprint``; the newest with the same one counts. Pure."""

from hashlib import blake2b
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.attachments import ATTRIBUTE
from otel_discord.exporters.discord.folding.problem import Problem
from otel_discord.signals import find_attribute, to_plain

FINGERPRINT: Final = "heartbeat.fingerprint"
_IN_BYTES: Final = FINGERPRINT.encode()
_FINGERPRINT_BYTES: Final = 16


def is_status(record: LogRecord) -> bool:
    """Return whether a record is an event that says what it is a status of; next to nothing for records that are none.

    One that brings a file is shown by itself.
    """
    if not record.event_name:
        return False
    keys = {pair.key for pair in record.attributes}
    return FINGERPRINT in keys and ATTRIBUTE not in keys


def holds_status(record: bytes) -> bool:
    """Return whether a serialised record is a status."""
    if _IN_BYTES not in record:
        return False
    try:
        return is_status(LogRecord.FromString(record))
    except DecodeError:
        return False


def status_problem(who: str, record: LogRecord) -> Problem:
    """Return the record as what is folded; ``who`` has sent it."""
    told = "\x1f".join(("status", who, str(find_attribute(record.attributes, FINGERPRINT))))
    fingerprint = blake2b(told.encode("utf-8", "surrogatepass"), digest_size=_FINGERPRINT_BYTES).digest()
    text = str(to_plain(record.body) or record.event_name)
    return Problem(fingerprint, record.event_name, text, status=record.SerializeToString())
