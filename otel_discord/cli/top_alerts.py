"""What ``top`` shows of alerts that fire, and of what is not shown in Discord on purpose. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.text import Text

from otel_discord.cli.top_grid import Column, Note, Row, grid
from otel_discord.cli.top_rates import Overview
from otel_discord.cli.top_styles import NAME, WIDE
from otel_discord.cli.top_words import UNKNOWN, count, seconds_between, span

_SEVERITY_STYLES: Final = {"critical": "bold red", "page": "bold red", "error": "red", "major": "red"}


def alerts(now: Overview, width: int) -> list[Text]:
    """Return a line for each alert that fires, the gravest first."""
    columns = [
        Column("ALERT", gives_way=True),
        Column("severity"),
        Column("for", right=True),
        Column("value", right=True),
        Column("is", gives_way=True, from_width=WIDE),
        Column("where", gives_way=True),
        Column("of", gives_way=True),
    ]
    rows: list[Row] = []
    for each in now["alerts"]:
        severity = str(each.get("severity", ""))
        rows.append(
            [
                (str(each["name"]), NAME),
                (severity, _SEVERITY_STYLES.get(severity, "yellow")),
                span(each.get("firing_for_s")),
                f"{each['value']:,.6g}" if each.get("value") is not None else UNKNOWN,
                str(each.get("threshold", "")),
                ", ".join(each.get("destinations", ())) or UNKNOWN,
                " ".join(f"{key}={value}" for key, value in each.get("labels", {}).items()),
            ]
        )
    if (more := now.get("alerts_firing", 0) - len(rows)) > 0:
        rows.append(Note(f"and {count(more)} more"))
    return grid(columns, rows, width) if rows else []


def muted(now: Overview, width: int) -> list[Text]:
    """Return a line for each silence and each maintenance window that holds now."""
    columns = [
        Column("MUTED", gives_way=True),
        Column("what", gives_way=True),
        Column("left", right=True),
        Column("records", right=True),
        Column("by", gives_way=True, from_width=WIDE),
        Column("comment", gives_way=True, from_width=WIDE),
    ]
    rows: list[Row] = [
        [
            (name, "blue"),
            what,
            span(seconds_between(now.get("at"), each.get("until"))),
            count(records),
            str(each.get("author", "")),
            str(each.get("comment", "")),
        ]
        for name, what, records, each in _mutes(now)
    ]
    return grid(columns, rows, width) if rows else []


def _mutes(now: Overview) -> Iterator[tuple[str, str, int, Mapping[str, Any]]]:
    for each in now["silences"]:
        yield f"silence {each['id']}", ", ".join(each["matchers"]), int(each["silenced_records"]), each
    for each in now["maintenance"]:
        records = sum(int(each.get(key, 0)) for key in ("held_records", "dropped_records", "unpinged_records"))
        yield f"{each['name']} ({each['action']})", str(each["records"]), records, each
