"""Any value from telemetry as a short readable text, never raw JSON, in bounded time. Pure functions."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.text import neutralise
from otel_discord.templating.wording import size

MAX_TEXT_CHARS: Final = 65_536
MAX_DEPTH: Final = 6
MAX_ITEMS: Final = 32
_MAX_NODES: Final = 256
_HEX_HEAD_BYTES: Final = 16


def readable(value: object) -> str:
    """Return a value as text: maps as ``key=value``, lists with commas, bytes as their size.

    Bounded: depth 6, 32 items a level, 256 values in all, 65,536 code points.
    """
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT_CHARS else cut_middle(value, MAX_TEXT_CHARS)
    return "".join(_pieces(value, 0, [_MAX_NODES]))


def _pieces(value: object, depth: int, nodes_left: list[int]) -> Iterator[str]:
    nodes_left[0] -= 1
    match value:
        case str():
            yield cut_middle(value, 1024)
        case None:
            yield "null"
        case bool():
            yield "true" if value else "false"
        case int():
            yield str(value) if abs(value) < 10**100 else "…"
        case float():
            yield f"{value:.12g}"
        case bytes():
            yield readable_bytes(value)
        case Mapping() | list() | tuple() if depth >= MAX_DEPTH or nodes_left[0] <= 0:
            yield "…"
        case Mapping():
            yield from _map_pieces(value, depth, nodes_left)
        case list() | tuple():
            yield from _list_pieces(value, depth, nodes_left)
        case _:
            yield cut_middle(str(value), 1024)


def _map_pieces(value: Mapping[object, object], depth: int, nodes_left: list[int]) -> Iterator[str]:
    if depth:
        yield "("
    for index, (key, item) in enumerate(value.items()):
        if index:
            yield " "
        if index == MAX_ITEMS or nodes_left[0] <= 0:
            yield f"… {len(value) - index:,} more"
            break
        yield f"{cut_middle(str(key), 128)}="
        yield from _pieces(item, depth + 1, nodes_left)
    if depth:
        yield ")"


def _list_pieces(value: Sequence[object], depth: int, nodes_left: list[int]) -> Iterator[str]:
    if depth:
        yield "["
    for index, item in enumerate(value):
        if index:
            yield ", "
        if index == MAX_ITEMS or nodes_left[0] <= 0:
            yield f"… {len(value) - index:,} more"
            break
        yield from _pieces(item, depth + 1, nodes_left)
    if depth:
        yield "]"


def readable_bytes(value: bytes) -> str:
    """Return bytes that are text as that text, others as their size and their first bytes in hex."""
    if not value:
        return "0 B"
    if len(value) <= MAX_TEXT_CHARS:
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        if text and neutralise(text) == text:
            return cut_middle(text, 4096)
    head = value[:_HEX_HEAD_BYTES].hex(" ", -2)
    return f"{size(len(value))}: {head}{'…' if len(value) > _HEX_HEAD_BYTES else ''}"
