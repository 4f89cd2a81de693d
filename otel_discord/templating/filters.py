"""The filters of templates, made for the job: ``{{ title | truncate_middle(80) }}``.

Each takes the value before the bar first. Those that return ``Markdown`` are not escaped again.
Numbers that decide how much work is done (lengths, decimals) are bounded.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, pass_environment
from jinja2.exceptions import FilterArgumentError
from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.filters import do_int, make_attrgetter
from jinja2.runtime import Undefined

from otel_discord.templating.columns import table_lines
from otel_discord.templating.cutting import cut_end, cut_middle
from otel_discord.templating.filters_numbers import (
    as_number,
    in_bytes,
    in_duration,
    in_number,
    in_percent,
    plural,
    quantity,
    rounded,
    sparkline,
    timestamp,
)
from otel_discord.templating.json_text import json_text
from otel_discord.templating.message_parts import usable_address
from otel_discord.templating.readable import MAX_TEXT_CHARS, readable
from otel_discord.templating.sandbox import CHARS_OF_A_STEP, checked_text, counted, joined_text, spend, steps_of
from otel_discord.templating.text import Markdown, break_mentions, code_block, escape_markdown, inline_code

_FROM_JINJA: Final = (
    "abs", "count", "d", "default", "dictsort", "first", "float", "items", "last", "length", "list", "map",
    "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "unique",
)  # fmt: skip
_COMPARING: Final = frozenset(("dictsort", "sort", "unique"))
"""Filters that look at each item more than once."""
_MAX_DIGITS: Final = 38
_NO_GENERATORS: Final = (str, list, tuple, dict)
"""Known at once; to ask an abstract class takes longer than most filters."""
_LANGUAGE: Final = re.compile(r"[a-z0-9+#-]{0,16}")


def _truncate_middle(value: object, limit: int = 200) -> str:
    text = _text(value)
    cut = cut_middle(text, limit, markdown=isinstance(text, Markdown))
    return Markdown(cut) if isinstance(text, Markdown) else cut


def _truncate(value: object, limit: int = 200) -> str:
    return cut_end(str(_text(value)), limit)


def _code(value: object, language: str | None = None) -> Markdown:
    """Show a value as code inside a line; with a language (``""`` for none) as a block."""
    return inline_code(_text(value)) if language is None else _code_block(value, language)


def _code_block(value: object, language: str = "") -> Markdown:
    return code_block(_text(value), language if _LANGUAGE.fullmatch(str(language)) else "")


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
    parts: list[str] = []
    left = MAX_TEXT_CHARS
    for key, value in values:
        name, text = _text(key), _text(value)
        left -= len(name) + len(text)
        if left < 0:
            break  # joined_text refuses it
        parts.append(f"{name}={text}" if name else text)
    return joined_text(parts if left >= 0 else [*parts, " " * MAX_TEXT_CHARS, " "], separator)


def _present(values: Iterable[object]) -> list[object]:
    """Return the values that say something: neither none nor false, no blank text, no empty list or map."""
    return [value for value in values if _says_something(value)]


def _says_something(value: object) -> bool:
    if isinstance(value, str):
        return bool(value) and not value.isspace()
    if isinstance(value, Undefined):
        return bool(str(value))  # StrictUndefined raises with the name
    return value is not None and value is not False and value not in ([], (), {})


def _replace(value: object, old: str, new: str) -> str:
    text = str(_text(value))
    if old and len(text) + text.count(old) * (len(new) - len(old)) <= MAX_TEXT_CHARS:
        return text.replace(old, new)
    return checked_text(text)


def _table(rows: Iterable[object], columns: Sequence[str] = (), max_rows: int = 50, max_width: int = 40) -> Markdown:
    """Return rows (lists, or maps with a head of their keys) as a block of aligned columns."""
    keys = [columns] if isinstance(columns, str) else list(columns)
    return code_block("\n".join(table_lines(rows, keys, max_rows=int(max_rows), max_width=int(max_width))))


def _first_line(value: object) -> str:
    """Return the first line that says something."""
    return next((line.strip() for line in str(_text(value)).splitlines() if line.strip()), "")


def _int(value: object, default: int = 0, base: int = 10) -> int:
    """Return a whole number of at most 128 bits."""
    if isinstance(value, str) and len(value) > _MAX_DIGITS:
        return default
    return int(do_int(value, default, base))


@pass_environment
def _sum(
    environment: Environment, values: Iterable[Any], attribute: str | int | None = None, start: float = 0
) -> float:
    """Add numbers, or what each map has under ``attribute``."""
    number_of = make_attrgetter(environment, attribute, postprocess=as_number)
    return sum(map(number_of, values), as_number(start))


def _attribute(values: Mapping[str, object], key: str, default: object = "") -> object:
    """Look up a key with dots in it: ``{{ attributes | attribute("http.route", "?") }}``."""
    return values.get(key, default)


def _text(value: object) -> str:
    if isinstance(value, (str, Undefined)):
        return value if isinstance(value, str) else str(value)  # StrictUndefined raises with the name
    return "" if value is None else readable(value)


def _within_budget(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a filter draw from the budget: a step a call, more for what is long, each item that a generator gives."""
    first = 0 if getattr(function, "jinja_pass_arg", None) is None else 1
    times = 4 if name in _COMPARING else 1

    @functools.wraps(function)
    def bounded(*arguments: Any, **options: Any) -> Any:
        value = arguments[first]
        steps = 1 + steps_of(value) * times
        if not isinstance(value, _NO_GENERATORS) and isinstance(value, Iterator):
            arguments = (*arguments[:first], counted(value), *arguments[first + 1 :])
        for further in arguments[first + 1 :]:
            if isinstance(further, str):
                steps += len(further) // CHARS_OF_A_STEP
        for further in options.values():
            if isinstance(further, str):
                steps += len(further) // CHARS_OF_A_STEP
        spend(steps)
        try:
            result = function(*arguments, **options)
        except TypeError as error:
            raise FilterArgumentError(f"{name}: {str(error).rpartition('() ')[2]}") from error
        return checked_text(result) if isinstance(result, str) else result

    return bounded


_OWN: Final[dict[str, Callable[..., Any]]] = {
    "address": _address,
    "attribute": _attribute,
    "bold": _bold,
    "ago": lambda value: timestamp(value, "R"),
    "bytes": in_bytes,
    "capitalize": lambda value: str(_text(value)).capitalize(),
    "code": _code,
    "code_block": _code_block,
    "duration": in_duration,
    "escape": lambda value: escape_markdown(_text(value)),
    "first_line": _first_line,
    "int": _int,
    "join": _join,
    "json": json_text,
    "link": _link,
    "lower": lambda value: str(_text(value)).lower(),
    "markdown": _markdown,
    "number": in_number,
    "pairs": _pairs,
    "percent": in_percent,
    "plural": plural,
    "present": _present,
    "quantity": quantity,
    "replace": _replace,
    "round": rounded,
    "sparkline": sparkline,
    "string": _text,
    "sum": _sum,
    "table": _table,
    "timestamp": timestamp,
    "title": lambda value: str(_text(value)).title(),
    "trim": lambda value: _text(value).strip(),
    "truncate": _truncate,
    "truncate_middle": _truncate_middle,
    "upper": lambda value: str(_text(value)).upper(),
    "urlencode": lambda value: quote(_text(value), safe="", errors="replace"),
}

FILTERS: Final[dict[str, Callable[..., Any]]] = {
    name: _within_budget(name, function)
    for name, function in ({name: JINJA_FILTERS[name] for name in _FROM_JINJA} | _OWN).items()
}
