"""What an answer says, in words fit for a log: parsed, flattened, cleansed of control characters, tokens and length."""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from otel_discord.discord_api.outcome_types import FieldError

DETAIL_CHARS: Final = 500
FIELD_ERRORS: Final = 50
"""How many leaves of an error tree are kept."""

_PART_CHARS: Final = 200
_TITLE_CHARS: Final = 80
_TOKEN_IN_PATH: Final = re.compile(r"(webhooks/[0-9]+/)[\w-]+")
_LIKE_A_TOKEN: Final = re.compile(r"[\w-]{60,}")
_HTML_TITLE: Final = re.compile(r"<title[^>]*>([^<]*)", re.IGNORECASE)
_HTML_START: Final = re.compile(r"\s*(?:\ufeff\s*)?<(?:!|html|head|body|\?xml|meta|script|p\b|h[1-6])", re.IGNORECASE)


def parse_json(body: bytes) -> Any:
    """Return the JSON of ``body``, or None where it is none; never raises."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def is_html(headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether the answer is a page for a browser."""
    return "html" in headers.get("content-type", "").lower() or bool(_HTML_START.match(_decode(body[:512])))


def clean(text: str, chars: int = DETAIL_CHARS) -> str:
    """Return ``text`` on one line, without control characters, lone surrogates and anything like a webhook token."""
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text[: 8 * chars])
    line = " ".join(visible.split())
    line = _LIKE_A_TOKEN.sub("[REDACTED]", _TOKEN_IN_PATH.sub(r"\1[REDACTED]", line))
    return line if len(line) <= chars else line[: chars - 1] + "…"


def describe_foreign(headers: Mapping[str, str], body: bytes) -> str:
    """Return what can be said of an answer that is not Discord's JSON; a page is named, never repeated."""
    text = _decode(body)
    if is_html(headers, body):
        title = _HTML_TITLE.search(text)
        return clean(f"an HTML page titled {title[1]!r}" if title else "an HTML page", 40 + _TITLE_CHARS)
    return clean(text, _TITLE_CHARS) or "an empty body"


def describe_json(answer: Mapping[str, Any], errors: tuple[FieldError, ...] = ()) -> str:
    """Return Discord's message and, where there are some, its errors by path."""
    message = answer.get("message")
    words = clean(message, _PART_CHARS) if isinstance(message, str) else ""
    leaves = "; ".join(f"{show_path(error.path)}[{error.code}]: {error.message}" for error in errors)
    return clean(": ".join(part for part in (words, leaves) if part) or "no message")


def show_path(path: tuple[str | int, ...]) -> str:
    """Return ``embeds[0].fields[3].value``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "message"


def flatten_errors(tree: object) -> tuple[FieldError, ...]:
    """Return the leaves of Discord's error tree in the order of the form.

    The tree nests keys and indices down to ``{"_errors": [{"code": ..., "message": ...}]}``
    (https://docs.discord.com/developers/reference#error-messages).
    """
    found: list[FieldError] = []
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), tree)]
    while waiting and len(found) < FIELD_ERRORS:
        path, node = waiting.pop()
        if isinstance(node, list):
            found += [_leaf(path, item) for item in node]
        elif isinstance(node, dict):
            children = [(path if key == "_errors" else (*path, _step(key)), child) for key, child in node.items()]
            waiting += reversed(children)
    return tuple(found[:FIELD_ERRORS])


def _leaf(path: tuple[str | int, ...], item: object) -> FieldError:
    if not isinstance(item, dict):
        return FieldError(path, "", clean(str(item), _PART_CHARS))
    code, message = str(item.get("code", "")), str(item.get("message", ""))
    return FieldError(path, clean(code, 80), clean(message, _PART_CHARS))


def _step(key: str) -> str | int:
    return int(key) if key.isascii() and key.isdigit() and len(key) <= 4 else clean(key, 80)


def _decode(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")
