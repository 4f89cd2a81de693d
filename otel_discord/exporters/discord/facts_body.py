"""What a record's body says: its first line, the rest, and the whole for a file. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from otel_discord.exporters.discord.facts_lines import clean_lines
from otel_discord.exporters.discord.facts_values import MAX_TEXT_CHARS, clean, plain_value, short_text
from otel_discord.signals import Plain
from otel_discord.templating.readable import readable

MESSAGE_KEYS: Final = ("message", "msg", "event", "error", "text", "log", "summary", "title", "reason", "@message")
"""Keys of a structured body that hold the sentence for people, best first."""
_MAX_JSON_CHARS: Final = 16_384
_NOISE_KEYS: Final = frozenset(
    ("level", "severity", "timestamp", "time", "ts", "@timestamp", "asctime", "levelname", "lvl")
)


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """A body as text. ``whole`` is what a file would hold; ``text`` is bounded and free of controls."""

    text: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    """The other entries of a structured body, as short texts."""
    whole: str = ""


_NOTHING: Final = BodyFacts()


def body_facts(body: AnyValue) -> BodyFacts:
    """Read a body of any kind.

    A map, or a text that is a JSON object, shows its message-like entry first and the others as pairs.
    """
    text = body.string_value
    if text:
        if text[0] == "{" and len(text) <= _MAX_JSON_CHARS and text.rstrip().endswith("}"):
            entries = _json_object(text)
            if entries is not None:
                return _structured(entries, text)
        return BodyFacts(clean_lines(text.strip(), MAX_TEXT_CHARS).strip(), (), text)
    kind = body.WhichOneof("value")
    if kind in (None, "string_value"):
        return _NOTHING
    value = plain_value(body)
    if isinstance(value, dict):
        return _structured(value, "")
    shown = clean(readable(value), MAX_TEXT_CHARS).strip()
    return BodyFacts(shown, (), _as_json(value) if isinstance(value, list) else shown)


def _structured(entries: Mapping[str, Plain], whole: str) -> BodyFacts:
    message_key = next((key for key in MESSAGE_KEYS if isinstance(entries.get(key), str) and entries[key]), "")
    message = str(entries[message_key]) if message_key else ""
    pairs = tuple(
        (short_text(key, 80), short_text(value, 200))
        for key, value in entries.items()
        if key != message_key and value not in (None, "", [], {}) and key.lower() not in _NOISE_KEYS
    )
    return BodyFacts(clean_lines(message.strip(), MAX_TEXT_CHARS).strip(), pairs, whole or _as_json(entries))


def _json_object(text: str) -> dict[str, Any] | None:
    """Return the object if the text is one and has a sentence for people; other JSON stays text."""
    try:
        value = orjson.loads(text)
    except ValueError:
        return None
    if isinstance(value, dict) and any(isinstance(value.get(key), str) and value[key] for key in MESSAGE_KEYS):
        return value
    return None


def _as_json(value: object) -> str:
    try:
        return orjson.dumps(value, default=_bytes_as_text, option=orjson.OPT_INDENT_2).decode()
    except (TypeError, ValueError):
        return readable(value)


def _bytes_as_text(value: object) -> str:
    return readable(value)
