"""Rows as aligned columns for a block of equally wide characters; what is wide counts as two. Pure functions."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from otel_discord.templating.cutting import ELLIPSIS, cut_middle
from otel_discord.templating.readable import readable
from otel_discord.templating.wording import number

MAX_ROWS: Final = 50
MAX_COLUMNS: Final = 10
_MAX_CELL_CHARS: Final = 120
_INVISIBLE: Final = ("Mn", "Me", "Cf")


def display_width(text: str) -> int:
    """Return how many columns a text takes: two for East Asian wide characters and emoji, none for combining marks."""
    if text.isascii():
        return len(text)
    return sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in _INVISIBLE else 1


def fit_width(text: str, most: int) -> str:
    """Return a text that takes at most ``most`` columns, cut in the middle where it is longer."""
    chars = most
    while display_width(text) > most and chars > 0:
        shorter = cut_middle(text, chars)
        if display_width(shorter) <= most:
            return shorter
        chars -= max(1, (display_width(shorter) - most) // 2)
    return text if display_width(text) <= most else ELLIPSIS[:most]


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    is_number: bool


def table_lines(
    rows: Iterable[object], columns: Sequence[str] = (), *, max_rows: int = MAX_ROWS, max_width: int = 40
) -> list[str]:
    """Return rows as aligned lines; columns of numbers stand to the right.

    Args:
        rows: lists of cells, or maps: their keys, in the order of the first map, are the head of the table.
        columns: the keys that are shown, in this order; all without it.
        max_rows: 1 to 50; what is left out is counted in a last line.
        max_width: columns of characters that one cell may take, 1 to 120.
    """
    most, widest = max(1, min(MAX_ROWS, max_rows)), max(1, min(_MAX_CELL_CHARS, max_width))
    iterator = iter(rows)
    shown = list(islice(iterator, most))
    left_out = sum(1 for _ in iterator)
    keys = list(columns) or _keys(shown)
    head = [[_Cell(fit_width(str(key), widest), False) for key in keys[:MAX_COLUMNS]]] if keys else []
    body = [[_cell(value, widest) for value in _values(row, keys)] for row in shown]
    lines = _aligned(head, body)
    return [*lines, f"{ELLIPSIS} {number(left_out)} more"] if left_out else lines


def _keys(rows: Sequence[object]) -> list[str]:
    keys: dict[str, None] = {}
    for row in rows:
        if isinstance(row, Mapping):
            keys |= dict.fromkeys(str(key) for key in islice(row, MAX_COLUMNS))
    return list(keys)


def _values(row: object, keys: Sequence[str]) -> list[object]:
    if isinstance(row, Mapping):
        return [row.get(key) for key in keys[:MAX_COLUMNS]]
    return list(islice(row, MAX_COLUMNS)) if isinstance(row, (list, tuple)) else [row]


def _cell(value: object, widest: int) -> _Cell:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _Cell(number(value), True)
    text = "" if value is None else readable(value)
    return _Cell(fit_width(" ".join(text[: 8 * _MAX_CELL_CHARS].split()), widest), False)


def _aligned(head: list[list[_Cell]], body: list[list[_Cell]]) -> list[str]:
    rows = [*head, *body]
    width_of = [
        max(display_width(row[index].text) for row in rows if index < len(row))
        for index in range(max(map(len, rows), default=0))
    ]
    to_the_right = [
        any(index < len(row) and row[index].is_number for row in body)
        and all(row[index].is_number or not row[index].text for row in body if index < len(row))
        for index in range(len(width_of))
    ]
    lines = []
    for row in rows:
        cells = []
        for cell, width, right in zip(row, width_of, to_the_right, strict=False):
            space = " " * (width - display_width(cell.text))
            cells.append(space + cell.text if right else cell.text + space)
        lines.append("  ".join(cells).rstrip())
    return lines
