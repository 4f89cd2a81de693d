"""One dead letter as one line of JSON: first what a person reads, then the original, compressed. Pure."""

import base64
import binascii
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from otel_discord.component.dead_letters import Letter
from otel_discord.component.storage import LetterFilter
from otel_discord.exporters.discord.dead_letters.letter import read_letter

MAX_PAYLOAD_BYTES: Final = 64 * 1024 * 1024
"""What a compressed original may grow to: more than any record that a receiver takes in."""


def letter_of(fields: Mapping[str, Any]) -> Letter | None:
    """Return the letter that :meth:`Letter.to_json` wrote down; None where these are not its fields."""
    letter_id, count, time_ns = fields.get("id"), fields.get("count"), time_ns_of(fields.get("time"))
    if not isinstance(letter_id, int) or not isinstance(count, int) or time_ns is None:
        return None
    return Letter(
        id=letter_id,
        time_ns=time_ns,
        destination=_text(fields, "destination"),
        reason=_text(fields, "reason"),
        status=_number(fields, "status"),
        code=_number(fields, "code"),
        words=_text(fields, "discord"),
        errors=_texts(fields, "errors"),
        attempts=_number(fields, "attempts"),
        severity=_text(fields, "severity"),
        service=_text(fields, "service"),
        text=_text(fields, "text"),
        count=count,
        lost_attachments=_texts(fields, "attachments_not_kept"),
    )


def time_ns_of(text: object) -> int | None:
    """Return what ``time_text`` wrote down, to the microsecond."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None:
        return None
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000_000 + moment.microsecond * 1000


def line_of(letter_id: int, payload: bytes, exporter: str) -> bytes:
    """Return the line of a letter, with its end."""
    readable = read_letter(letter_id, payload).to_json()
    fields = {"time": readable.pop("time"), "exporter": exporter, **readable, "original": pack(payload)}
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def parse_line(line: bytes) -> dict[str, Any] | None:
    """Return the fields of a line; None for one that is torn or none of ours."""
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return fields if isinstance(fields, dict) and isinstance(fields.get("id"), int) else None


def pack(payload: bytes) -> str:
    """Return bytes compressed, as text."""
    return base64.b64encode(zlib.compress(payload)).decode("ascii")


def unpack(text: object) -> bytes | None:
    """Return the bytes again; None where a byte is not as it was written (zlib's checksum says so)."""
    if not isinstance(text, str):
        return None
    try:
        reader = zlib.decompressobj()
        payload = reader.decompress(base64.b64decode(text, validate=True), MAX_PAYLOAD_BYTES)
    except (zlib.error, binascii.Error, ValueError):
        return None
    return payload if reader.eof else None


def is_chosen(letter: Letter, chosen: LetterFilter) -> bool:
    """Return whether a filter takes a letter in, as a storage would."""
    return (
        (chosen.since_ns is None or letter.time_ns >= chosen.since_ns)
        and (chosen.until_ns is None or letter.time_ns < chosen.until_ns)
        and (not chosen.destinations or letter.destination in chosen.destinations)
        and (not chosen.reasons or letter.reason in chosen.reasons)
        and (not chosen.ids or letter.id in chosen.ids)
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _number(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) else 0


def _texts(fields: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = fields.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
