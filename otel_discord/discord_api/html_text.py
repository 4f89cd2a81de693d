"""Text and addresses from a message, made harmless for a page."""

import unicodedata
from typing import Final
from urllib.parse import urlsplit

_KEPT: Final = frozenset("\n\t")


def plain(value: object) -> str:
    """Return ``value`` if it is text, without control characters, bidi controls and lone surrogates; else ""."""
    if not isinstance(value, str):
        return ""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in text if char in _KEPT or not _is_hidden(char))


def safe_url(value: object) -> str:
    """Return an http(s) address with a host, or ""."""
    text = plain(value).strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in {"http", "https"} and parts.netloc and not any(c.isspace() for c in text) else ""


def size_text(size_bytes: object) -> str:
    """Return ``1.4 KB`` as Discord shows it."""
    if isinstance(size_bytes, bool) or not isinstance(size_bytes, int) or size_bytes < 0:
        return ""
    if size_bytes < 1024:
        return f"{size_bytes} bytes"
    kib = size_bytes / 1024
    return f"{kib:.2f} KB" if kib < 1024 else f"{kib / 1024:.2f} MB"


def _is_hidden(char: str) -> bool:
    # U+200D joins emoji and U+200B is used to break mentions, so both stay; what turns text around goes.
    return unicodedata.category(char) in {"Cc", "Cs"} or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
