"""Masks bytes that are text, or hold runs of it: a log file, a dump, an image with a comment."""

import codecs
import re
from collections.abc import Callable
from typing import Final

from otel_discord.redaction.replacement import NOT_EXAMINED

MAX_BYTES: Final = 32 * 1024 * 1024
"""More is not examined, and so not sent."""
_RUN: Final = re.compile(rb"[\t\n\r\x20-\x7e]{8,}")
_WIDE: Final = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def mask_bytes(data: bytes, mask: Callable[[str], str]) -> bytes:
    """Return the bytes with what ``mask`` does to their text: UTF-8, UTF-16 with its mark, else each run of ASCII."""
    if len(data) > MAX_BYTES:
        return NOT_EXAMINED.encode()
    for mark, encoding in _WIDE:
        if data.startswith(mark):
            return _recoded(data, encoding, mask)
    return _recoded(data, "utf-8", mask)


def _recoded(data: bytes, encoding: str, mask: Callable[[str], str]) -> bytes:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return _runs(data, mask)
    masked = mask(text)
    return data if masked is text or masked == text else masked.encode(encoding)


def _runs(data: bytes, mask: Callable[[str], str]) -> bytes:
    together = b"\n".join(_RUN.findall(data)).decode("ascii")
    if mask(together) == together:
        return data
    return _RUN.sub(lambda run: mask(run[0].decode("ascii")).encode(), data)
