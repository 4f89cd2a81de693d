"""What ``top`` shows of runs that have channels. Pure."""

from typing import Final

from rich.text import Text

from otel_discord.cli.top_grid import Column, Note, Row, grid
from otel_discord.cli.top_rates import Overview
from otel_discord.cli.top_styles import NAME, WIDE
from otel_discord.cli.top_words import count, span

_MOST: Final = 10
_STATES: Final = {"running": "green", "creating": "yellow", "finishing": "yellow"}


def runs(now: Overview, width: int) -> list[Text]:
    """Return a line for each run, those that run first; nothing where nobody makes channels for any."""
    columns = [
        Column("RUN", gives_way=True),
        Column("state"),
        Column("steps", right=True),
        Column("errors", right=True),
        Column("age", right=True),
        Column("expires", right=True),
        Column("last step", gives_way=True, from_width=WIDE),
        Column("outcome", gives_way=True, from_width=WIDE),
    ]
    found = now.get("runs", [])
    rows: list[Row] = [
        [
            (str(each["name"]), NAME),
            (str(each["state"]), _STATES.get(str(each["state"]), "dim")),
            count(each["steps"]),
            (count(each["errors"]), "red" if each["errors"] else ""),
            span(each["age_s"]),
            span(each["expires_in_s"]),
            str(each.get("last_step", "")),
            str(each.get("outcome", "")),
        ]
        for each in found[:_MOST]
    ]
    if len(found) > _MOST:
        rows.append(Note(f"and {count(len(found) - _MOST)} more"))
    return grid(columns, rows, width) if rows else []
