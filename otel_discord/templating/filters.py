"""The filters of templates, made for the job: ``{{ title | truncate_middle(80) }}``.

Each takes the value before the bar first. Those that return ``Markdown`` are not escaped again.
Numbers that decide how much work is done (lengths, decimals) are bounded.
"""

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.runtime import Undefined

from otel_discord.templating import wording
from otel_discord.templating.cutting import cut_end, cut_middle
from otel_discord.templating.message_parts import usable_address
from otel_discord.templating.readable import MAX_TEXT_CHARS, readable
from otel_discord.templating.sandbox import checked_text, joined_text
from otel_discord.templating.text import Markdown, break_mentions, code_block, escape_markdown, inline_code

_FROM_JINJA: Final = (
    "abs", "count", "d", "default", "dictsort", "first", "float", "int", "items", "last", "length", "list", "map",
    "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "sum", "unique",
)  # fmt: skip
_LANGUAGE: Final = re.compile(r"[a-z0-9+#-]{0,16}")
_SPARKS: Final = "▁▂▃▄▅▆▇█"
_MAX_TABLE_ROWS: Final = 50


def _truncate_middle(value: object, limit: int = 200) -> str:
    text = _text(value)
    cut = cut_middle(text, limit, markdown=isinstance(text, Markdown))
    return Markdown(cut) if isinstance(text, Markdown) else cut


def _truncate(value: object, limit: int = 200) -> str:
    return cut_end(str(_text(value)), limit)


def _code_block(value: object, language: str = "") -> Markdown:
    return code_block(_text(value), language if _LANGUAGE.fullmatch(language) else "")


def _markdown(value: object) -> Markdown:
    """Show the value's own Markdown; mentions stay broken."""
    return Markdown(break_mentions(_text(value)))


def _bold(value: object) -> Markdown:
    text = escape_markdown(_text(value)).strip()
    return Markdown(f"**{text}**" if text else "")


def _address(value: object) -> Markdown:
    """Return an http(s) address that a value holds, safe to stand as a whole address; "" for anything else."""
    return Markdown(usable_address(quote(str(_text(value)).strip(), safe=_URL_SAFE, errors="replace")))


def _link(value: object, url: str) -> Markdown:
    """Show the value as the text of a link; without an http(s) address only the text."""
    text = escape_markdown(_text(value)).replace("[", "\\[").replace("]", "\\]")
    if not str(url).startswith(("https://", "http://")):
        return Markdown(text)
    return Markdown(f"[{text}]({quote(str(url), safe=_URL_SAFE, errors='replace')})")


_URL_SAFE: Final = ":/?#@!$&'*+,;=%~-._[]"


def _join(values: Iterable[object], separator: str = "") -> str:
    return joined_text(values, separator)


def _pairs(values: Iterable[tuple[object, object]], separator: str = "  ") -> str:
    """Return ``key=value  key=value``; an entry without a key is shown as its value."""
    texts = [f"{name}={value}" if (name := _text(key)) else value for key, value in ((k, _text(v)) for k, v in values)]
    return joined_text(texts, separator)


def _present(values: Iterable[object]) -> list[object]:
    """Return the values that say something."""
    return [value for value in values if value is not None and value is not False and _text(value).strip()]


def _replace(value: object, old: str, new: str) -> str:
    text = str(_text(value))
    if old and len(text) + text.count(old) * (len(new) - len(old)) <= MAX_TEXT_CHARS:
        return text.replace(old, new)
    return checked_text(text)


def _round(value: float, decimals: int = 0) -> float:
    return round(float(value), max(0, min(15, int(decimals))))


def _timestamp(value: int, style: str = "R") -> Markdown:
    return Markdown(wording.timestamp(int(value), style))


def _number(value: float, unit: str = "") -> str:
    return f"{wording.number(value)} {unit}".rstrip()


def _table(rows: Iterable[Iterable[object]]) -> Markdown:
    """Return rows as a block of aligned columns; at most 50 rows."""
    cells = [
        [cut_middle(" ".join(_text(cell).split()), 60) for cell in row]
        for row, _ in zip(rows, range(_MAX_TABLE_ROWS), strict=False)
    ]
    columns = max((len(row) for row in cells), default=0)
    widths = [max((len(row[column]) for row in cells if column < len(row)), default=0) for column in range(columns)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in cells]
    return code_block("\n".join(lines))


def _sparkline(values: Iterable[float]) -> str:
    """Return numbers as ``▁▃▇``; at most 60."""
    numbers = [float(value) for value, _ in zip(values, range(60), strict=False)]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    steps = (len(_SPARKS) - 1) / (high - low) if high > low else 0.0
    return "".join(_SPARKS[int((value - low) * steps)] for value in numbers)


def _attribute(values: Mapping[str, object], key: str, default: object = "") -> object:
    """Look up a key with dots in it: ``{{ attributes | attribute("http.route", "?") }}``."""
    return values.get(key, default)


def _text(value: object) -> str:
    if isinstance(value, (str, Undefined)):
        return value if isinstance(value, str) else str(value)  # StrictUndefined raises with the name
    return "" if value is None else readable(value)


def _within_budget(function: Callable[..., Any]) -> Callable[..., Any]:
    """Draw long inputs and outputs from the budget."""

    @functools.wraps(function)
    def bounded(value: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(value, str):
            checked_text(value)
        result = function(value, *arguments, **options)
        return checked_text(result) if isinstance(result, str) else result

    return bounded


_OWN: Final[dict[str, Callable[..., Any]]] = {
    "address": _address,
    "attribute": _attribute,
    "bold": _bold,
    "bytes": wording.size,
    "capitalize": lambda value: str(_text(value)).capitalize(),
    "code": lambda value: inline_code(_text(value)),
    "code_block": _code_block,
    "duration": wording.duration,
    "escape": lambda value: escape_markdown(_text(value)),
    "join": _join,
    "link": _link,
    "lower": lambda value: str(_text(value)).lower(),
    "markdown": _markdown,
    "number": _number,
    "pairs": _pairs,
    "percent": wording.percent,
    "present": _present,
    "replace": _replace,
    "round": _round,
    "sparkline": _sparkline,
    "string": _text,
    "table": _table,
    "timestamp": _timestamp,
    "title": lambda value: str(_text(value)).title(),
    "trim": lambda value: _text(value).strip(),
    "truncate": _truncate,
    "truncate_middle": _truncate_middle,
    "upper": lambda value: str(_text(value)).upper(),
    "urlencode": lambda value: quote(_text(value), safe="", errors="replace"),
}

FILTERS: Final[dict[str, Callable[..., Any]]] = {
    **{name: JINJA_FILTERS[name] for name in _FROM_JINJA},
    **{name: _within_budget(function) for name, function in _OWN.items()},
}
