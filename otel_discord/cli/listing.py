"""Lists on a terminal: a table, or what a script reads."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click


def show_list(
    found: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    row: Callable[[Mapping[str, Any]], Sequence[str]],
    *,
    as_json: bool,
    nothing: str,
) -> None:
    """Print what was found: a table, between tabs where the output is no terminal, or as JSON, an object a line.

    ``row`` returns the texts of one in the order of ``columns``. ``nothing`` is said where there is none.
    """
    if as_json:
        for each in found:
            click.echo(json.dumps(each, ensure_ascii=False))
        return
    if not found:
        click.echo(nothing, err=True)
    elif sys.stdout.isatty():
        _show_table(columns, [row(each) for each in found])
    else:
        for each in found:
            click.echo("\t".join(row(each)))


def _show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=box.SIMPLE)
    for cells in rows:
        table.add_row(*map(Text, cells))
    Console().print(table)


def local_time(text: object) -> str:
    """Return an RFC 3339 time as people here read it."""
    try:
        return f"{datetime.fromisoformat(str(text)).astimezone():%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return "?"
