"""OTLP's JSON: decode it into OTLP messages, and encode them.

Lenient by default, as the Collector is: keys in snake_case and names of enums are read too. ``strict`` is the
specification to the letter: lowerCamelCase keys only (others are unknown and ignored), enums as numbers only.
Unknown fields are ignored at every level, null is the default, ids are hex in any case.
"""

import re
from typing import Any, Final, TypeVar

import orjson
from google.protobuf.message import Message

from otel_discord.signals.otlp_json_reader import MAX_MESSAGE_DEPTH, message_reader
from otel_discord.signals.otlp_json_scalars import Unreadable
from otel_discord.signals.otlp_json_writer import message_writer

__all__ = ["MAX_MESSAGE_DEPTH", "OtlpJsonError", "decode", "encode"]

MessageT = TypeVar("MessageT", bound=Message)

_SURROGATES: Final = re.compile(
    rb"(?P<keep>\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
"""An escape or a whole pair to keep, or half of a pair; escapes are matched so that a backslash is never misread."""


_MAX_ESCAPES_MENDED: Final = 1_000_000
"""Mending visits every escape of the text, so a text of nothing else is refused instead."""


class OtlpJsonError(ValueError):
    """The text is not OTLP/JSON. ``path`` names the field (``resourceLogs[0].scopeLogs[0]…``), "" for the whole."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}" if path else detail)
        self.path = path
        self.detail = detail


def decode(body: bytes, message_type: type[MessageT], *, strict: bool = False) -> MessageT:
    """Return the message that a JSON text stands for.

    Raises:
        OtlpJsonError: not JSON, not an object, a value its field cannot hold, or nested deeper than protobuf allows.
    """
    read = message_reader(message_type.DESCRIPTOR, strict=strict)
    parsed = _parse(body)
    try:
        return message_type(**read(parsed, 0))
    except Unreadable as problem:
        raise OtlpJsonError(_path(problem.path), problem.detail) from None
    except (TypeError, ValueError) as error:
        raise OtlpJsonError("", f"a value does not fit its field: {error}") from None


def encode(message: Message) -> bytes:
    """Return the message as OTLP/JSON in one line: lowerCamelCase keys, hex ids, 64-bit integers as strings.

    Raises:
        ValueError: nested deeper than protobuf's own parser would read again.
    """
    return orjson.dumps(message_writer(message.DESCRIPTOR)(message, 0))


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "surrogate" not in error.msg or body.count(b"\\") > _MAX_ESCAPES_MENDED:
            raise OtlpJsonError("", f"not JSON: {error}") from None
    try:  # half a surrogate pair is no character; one of those must not cost a whole batch
        return orjson.loads(_SURROGATES.sub(lambda match: match["keep"] or rb"\ufffd", body))
    except orjson.JSONDecodeError as error:
        raise OtlpJsonError("", f"not JSON: {error}") from None


def _path(gathered: list[str]) -> str:
    text = ""
    for part in reversed(gathered):
        text += part if part.startswith("[") or not text else f".{part}"
    return text[:300]
