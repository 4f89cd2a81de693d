"""Rows in columns on a terminal of any width, with lines between them that go over all columns. Pure."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from otel_discord.cli.letter_lines import printable

GAP: Final = 2
NARROWEST: Final = 8
"""A column that gives way keeps so many cells."""
INDENT: Final = "    "
NOTE_LINES: Final = 2
Cell: TypeAlias = str | tuple[str, str]
"""A text, perhaps with a style."""


@dataclass(frozen=True, slots=True)
class Column:
    """``gives_way``: it is cut where the terminal is too narrow. ``from_width``: below, the column is not there."""

    title: str
    right: bool = False
    gives_way: bool = False
    from_width: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """A text over all columns, in as many lines as a note may have; it says more of the row above it."""

    text: str
    style: str = "dim"


Row: TypeAlias = Sequence[Cell] | Note


def grid(columns: Sequence[Column], rows: Sequence[Row], width: int) -> list[Text]:
    """Return a line with the titles and one or more for each row; none is wider than ``width`` cells."""
    shown = [place for place, column in enumerate(columns) if width >= column.from_width]
    titles: Sequence[Cell] = [(column.title, "dim") for column in columns]
    table = [titles, *rows]
    texts = [[_text(row[place]) for place in shown] for row in table if not isinstance(row, Note)]
    widths = _widths([columns[place] for place in shown], texts, width)
    lines: list[Text] = []
    for row in table:
        if isinstance(row, Note):
            lines += note_lines(row, width)
            continue
        line = Text(no_wrap=True, overflow="ellipsis")
        for number, (place, cells) in enumerate(zip(shown, widths, strict=True)):
            style = row[place][1] if isinstance(row[place], tuple) else ""
            line.append(_fitted(_text(row[place]), cells, right=columns[place].right), style)
            if number < len(shown) - 1:
                line.append(" " * GAP)
        line.rstrip()
        line.truncate(width, overflow="ellipsis")
        lines.append(line)
    return lines


def note_lines(note: Note, width: int) -> list[Text]:
    """Return the lines of a note, the last one cut where there is more."""
    room = max(NARROWEST, width - len(INDENT))
    wrapped = textwrap.wrap(printable(" ".join(note.text.split())), room, max_lines=NOTE_LINES, placeholder=" …")
    lines = [Text(INDENT + each, note.style, no_wrap=True, overflow="ellipsis") for each in wrapped]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _widths(columns: Sequence[Column], texts: Sequence[Sequence[str]], width: int) -> list[int]:
    widths = [max(cell_len(row[place]) for row in texts) for place in range(len(columns))]
    too_wide = sum(widths) + GAP * (len(columns) - 1) - width
    yielding = [place for place, column in enumerate(columns) if column.gives_way]
    while too_wide > 0:
        widest = max(yielding, key=lambda place: widths[place], default=None)
        if widest is None or widths[widest] <= NARROWEST:
            break
        widths[widest] -= 1
        too_wide -= 1
    return widths


def _text(cell: Cell) -> str:
    return printable(cell[0] if isinstance(cell, tuple) else cell)


def _fitted(text: str, cells: int, *, right: bool) -> str:
    if cell_len(text) > cells:
        return set_cell_size(text, cells - 1) + "…"
    return " " * (cells - cell_len(text)) + text if right else set_cell_size(text, cells)
