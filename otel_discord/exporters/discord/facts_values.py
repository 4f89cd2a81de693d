"""OTLP values as plain ones and as short texts, in bounded time whatever a client sends. Pure functions.

A record may hold millions of attributes or megabytes of text: nothing here looks at more than a fixed part of it.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from otel_discord.signals import Plain
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.readable import readable
from otel_discord.templating.text import neutralise

MAX_ATTRIBUTES: Final = 128
MAX_TEXT_CHARS: Final = 16_384
"""Of a body, message or stack trace; what is longer is cut before any other work."""
MAX_VALUE_CHARS: Final = 1_024
_GAP: Final = re.compile("[\n\t]|  ")
_MAX_KEY_CHARS: Final = 200
_MAX_DEPTH: Final = 6
_MAX_ITEMS: Final = 64
_MAX_NODES: Final = 512


class _Budget:
    __slots__ = ("nodes_left",)

    def __init__(self) -> None:
        self.nodes_left = _MAX_NODES


def plain_value(value: AnyValue) -> Plain:
    """Return the value; of a large or deep one only the first part: 512 values, 64 a level, 6 levels."""
    return _plain(value, 0, _Budget())


def plain_attributes(attributes: Iterable[KeyValue], limit: int = MAX_ATTRIBUTES) -> dict[str, Plain]:
    """Return the first attributes by key, in order of arrival; of duplicates the last value counts."""
    found: dict[str, Plain] = {}
    for pair, _ in zip(attributes, range(limit), strict=False):
        if pair.key:
            found[_name(pair.key)] = pair.value.string_value or plain_value(pair.value)
    return found


def _name(key: str) -> str:
    return _remembered_name(key) if len(key) <= _MAX_KEY_CHARS else short_text(key, _MAX_KEY_CHARS)


@lru_cache(maxsize=2048)
def _remembered_name(key: str) -> str:
    """Names of attributes repeat."""
    return short_text(key, _MAX_KEY_CHARS)


def clean(text: str, limit: int) -> str:
    """Return at most ``limit`` code points of a text, without what is invisible.

    A ``×`` or ``📎`` of its own is followed by a zero-width space: only cards say ``×412`` and ``📎 trace.txt``.
    """
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    text = neutralise(_cut_early(text, limit))
    if "×" in text or "📎" in text:
        text = text.replace("×", "×\u200b").replace("📎", "📎\u200b")
    return text if len(text) <= limit else cut_middle(text, limit)


def clean_value(value: object) -> object:
    """Return a value whose texts are cleaned, at most 16,384 code points each: for templates that ask for it whole."""
    match value:
        case str():
            return clean(value, MAX_TEXT_CHARS)
        case list():
            return [clean_value(item) for item in value]
        case dict():
            return {clean(str(key), _MAX_KEY_CHARS): clean_value(item) for key, item in value.items()}
        case _:
            return value


def short_text(value: Plain, limit: int = MAX_VALUE_CHARS) -> str:
    """Return a value on one line, words one space apart."""
    if isinstance(value, str):
        if len(value) <= limit and value.isascii() and value.isprintable():  # as most are
            return value.strip() if "  " not in value else " ".join(value.split())
        text = clean(value, limit)
    else:
        text = clean(f"({readable(value)})" if isinstance(value, dict) else readable(value), limit)
    return text.strip() if text.isascii() and not _GAP.search(text) else " ".join(text.split())


def _cut_early(text: str, limit: int) -> str:
    """Drop the middle of a very long text before more costly work."""
    return text if len(text) <= 4 * limit + 64 else cut_middle(text, 2 * limit + 32)


def _plain(value: AnyValue, depth: int, budget: _Budget) -> Plain:
    budget.nodes_left -= 1
    kind = value.WhichOneof("value")
    match kind:
        case "string_value":
            return value.string_value
        case "int_value":
            return value.int_value
        case "double_value":
            return value.double_value
        case "bool_value":
            return value.bool_value
        case "bytes_value":
            return value.bytes_value
        case "array_value":
            return _plain_list(value, depth, budget)
        case "kvlist_value":
            return _plain_map(value, depth, budget)
        case _:
            return None


def _plain_list(value: AnyValue, depth: int, budget: _Budget) -> Plain:
    values = value.array_value.values
    if depth >= _MAX_DEPTH:
        return f"… {len(values):,} items"
    items: list[Plain] = []
    for item in values:
        if len(items) == _MAX_ITEMS or budget.nodes_left <= 0:
            items.append(f"… {len(values) - len(items):,} more")
            break
        items.append(_plain(item, depth + 1, budget))
    return items


def _plain_map(value: AnyValue, depth: int, budget: _Budget) -> Plain:
    pairs = value.kvlist_value.values
    if depth >= _MAX_DEPTH:
        return f"… {len(pairs):,} entries"
    entries: dict[str, Plain] = {}
    for index, pair in enumerate(pairs):
        if index == _MAX_ITEMS or budget.nodes_left <= 0:
            entries["…"] = f"{len(pairs) - index:,} more"
            break
        entries[pair.key[:_MAX_KEY_CHARS]] = _plain(pair.value, depth + 1, budget)
    return entries
