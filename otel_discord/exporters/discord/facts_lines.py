"""A text of very many lines, bounded: lines are left out of its middle, and a line says how many. Pure functions."""

import re
from typing import Final

from otel_discord.exporters.discord.facts_values import clean

_MORE_LINES: Final = re.compile(r"\s*… (\d{1,3}(?:,\d{3}){0,4}) more lines?\Z")
MORE_LINES: Final = " more line"
"""Stands in every line that counts others."""
_MARGIN_CHARS: Final = 64


def clean_lines(text: str, limit: int) -> str:
    """Return about ``limit`` code points of a text at most, made neutral as :func:`clean` does.

    Of a longer text the middle is missing: within one line as ``…(+N)…``, otherwise whole lines as a line of their own.
    """
    if len(text) <= limit:
        return clean(text, limit)
    for line_break in ("\r\n", "\r", "\u2028", "\u2029"):
        text = text.replace(line_break, "\n")
    head_chars, tail_chars = limit * 3 // 5, limit * 2 // 5
    head_end, tail_start = max(0, head_chars - _MARGIN_CHARS), len(text) - max(0, tail_chars - _MARGIN_CHARS)
    first_break = text.find("\n", head_end, tail_start)
    if first_break < 0:
        return clean(text, limit)
    before = text.rfind("\n", 0, head_end)
    after = text.find("\n", tail_start)
    before = before if before >= 0 else first_break
    after = after if after >= 0 else text.rfind("\n", 0, tail_start)
    missing = count_lines(text[before + 1 : after])
    middle = [f"  {more_lines(missing)}"] if missing else []
    return "\n".join([clean(text[:before], head_chars), *middle, clean(text[after + 1 :], tail_chars)])


def count_lines(text: str) -> int:
    """Return how many lines of a text are not empty."""
    if not text or text.isspace():
        return 0
    while "\n\n" in text:
        text = text.replace("\n\n", "\n")
    return text.strip("\n").count("\n") + 1


def more_lines(count: int) -> str:
    """Return the line that stands for lines which are left out."""
    return f"… {count:,}{MORE_LINES}{'s' if count > 1 else ''}"


def hidden_lines(line: str) -> int:
    """Return how many lines this one stands for; 0 when it stands for itself."""
    found = _MORE_LINES.match(line) if "…" in line else None
    return int(found[1].replace(",", "")) if found else 0
