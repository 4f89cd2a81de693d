"""Takes values that came through a reference out of messages, and webhook tokens whatever they came through."""

import re
from collections.abc import Mapping
from typing import Any, Final

from otel_discord.config.raw_text import RawText

_TOKEN: Final = re.compile(r"(/webhooks/\d+/)[\w-]+")
_TOLD_CHARS: Final = 12
"""A message that shows this many characters in a row of a hidden value tells too much."""
_SHORT_CHARS: Final = 4
_PUBLIC: Final = re.compile(r"https?://[\w.-]*discord(?:app)?\.com/(?:api/)?(?:v\d+/)?(?:webhooks/)?")
"""Where every webhook's address begins; a message may say it to explain the form of an address."""
_QUOTED: Final = re.compile(r"""'[^']+'|"[^"]+"|`[^`]+`""")


def hidden_in(value: Any) -> dict[str, str]:
    """Return the texts in a value that came through references, each with the reference that stands for it."""
    found: dict[str, str] = {}
    _collect(value, found)
    return found


def _collect(value: Any, found: dict[str, str]) -> None:
    if isinstance(value, RawText):
        if value.origin and value:
            found.setdefault(str.__str__(value), value.origin)
        _collect(value.typed, found)
    elif isinstance(value, dict):
        for item in value.values():
            _collect(item, found)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found)


def conceal(message: str, hidden: Mapping[str, str], *, whole: bool = False) -> str:
    """Return the message with each hidden value, and each piece of one that is quoted, replaced by its reference.

    Very short values are replaced where they are quoted; with ``whole`` (the message is about that value alone)
    wherever they are a word.
    """
    message = _TOKEN.sub(r"\1[REDACTED]", message)
    for value in sorted(hidden, key=len, reverse=True):
        origin = hidden[value]
        for written in (repr(value), f'"{value}"', f"`{value}`"):
            message = message.replace(written, origin)
        if len(value) >= _SHORT_CHARS:
            message = message.replace(value, origin)
        elif whole:
            message = origin.join(re.split(rf"(?<!\w){re.escape(value)}(?!\w)", message))
        if _tells(message, value, origin):
            message = _without_quotes_of(message, value, origin)
        if _tells(message, value, origin):
            return f"is not valid here (the value of {origin} is not shown)"
    return message


def _without_quotes_of(message: str, value: str, origin: str) -> str:
    """Return the message with the reference in place of what it quotes of the value, such as the host of an address."""
    return _QUOTED.sub(lambda quoted: origin if quoted[0][1:-1] in value else quoted[0], message)


def _tells(message: str, value: str, origin: str) -> bool:
    """Return whether a long piece of the value is left in the message, its reference's own text aside."""
    rest = _PUBLIC.sub("\n", message.replace(origin, ""))
    value = _PUBLIC.sub("", value)
    pieces = range(min(len(value), 4096) - _TOLD_CHARS + 1)
    return any(value[start : start + _TOLD_CHARS] in rest for start in pieces)
