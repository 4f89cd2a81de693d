"""Takes out of messages what must not be read in a log: addresses, tokens, and what came through a reference."""

import re
from typing import Any, Final

from otel_discord.config.raw_text import RawText, unwrap

_SECRET_LOOKS: Final = re.compile(
    r"://|/webhooks/|[0-9]{15}/[A-Za-z0-9_-]{40}"  # addresses, whole or without their beginning
    r"|^[^/]*[A-Za-z0-9_-]{40}[^/]*$"  # a token by itself; the long name of a directory is none
)
_RUN: Final = re.compile(r"[A-Za-z0-9_-]{8,}")
_LONG_RUN: Final = re.compile(r"[A-Za-z0-9_-]{40,}")
_TOKEN: Final = re.compile(r"/webhooks/[0-9]+/([A-Za-z0-9_-]+)")
_HIDDEN: Final = "[not shown]"
_SHORT_CHARS: Final = 4


def conceal(message: str, *values: Any) -> str:
    """Return the message without anything in ``values`` that is an address, looks like a token, or was referred to."""
    hidden: dict[str, str] = {}
    for value in values:
        _collect(value, hidden)
    tokens = [run for text in hidden if _SECRET_LOOKS.search(text) for run in _LONG_RUN.findall(text)]
    for text in sorted(hidden, key=len, reverse=True):
        for written in (repr(text), f'"{text}"', f"`{text}`", text):
            message = message.replace(written, hidden[text])
    message = _TOKEN.sub(lambda found: found[0].replace(found[1], _HIDDEN), message)
    # A message may show a part of a text only.
    return _RUN.sub(lambda run: _HIDDEN if any(run[0] in token for token in tokens) else run[0], message)


def _collect(value: Any, hidden: dict[str, str]) -> None:
    value = unwrap(value)
    if isinstance(value, dict):
        for item in value.values():
            _collect(item, hidden)
    elif isinstance(value, list):
        for item in value:
            _collect(item, hidden)
    elif isinstance(value, str):
        text = str.__str__(value)
        origin = value.origin if isinstance(value, RawText) else ""
        if _SECRET_LOOKS.search(text) or (origin and len(text) >= _SHORT_CHARS):
            hidden[text] = origin or _HIDDEN
            hidden |= {found[1]: _HIDDEN for found in _TOKEN.finditer(text) if len(found[1]) >= _SHORT_CHARS}
