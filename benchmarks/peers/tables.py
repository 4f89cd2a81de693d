"""The peers' tables as Markdown: printed, and written between two marks of the page about performance."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

from benchmarks.peers.scenarios import Scenario
from benchmarks.peers.trial import Trial
from benchmarks.peers.ways import Way
from benchmarks.table import shown

PAGE: Final = Path(__file__).parents[2] / "docs" / "explanation" / "performance.md"
BEGIN: Final = "<!-- generated: peers -->"
END: Final = "<!-- end -->"

_HEADINGS: Final = (
    "way",
    "problems shown",
    "records accounted",
    "lost",
    "429",
    "repeats",
    "messages",
    "first s",
    "last s",
    "blocked max ms",
    "blocked sum ms",
    "raised",
    "memory MiB",
)


def headings(scenario: Scenario) -> tuple[str, ...]:
    """Return those of a scenario's table."""
    return (*_HEADINGS, "exit s") if scenario.ends else _HEADINGS


def row(way: Way, found: Trial | str, scenario: Scenario) -> tuple[str, ...]:
    """Return the cells of a line; a text in place of a trial is the reason why there is none."""
    if isinstance(found, str):
        return (way.title, found, *[""] * (len(headings(scenario)) - 2))
    of_alerts = way.reading == "alerts"
    lost = f"{found.lost:,} problems" if of_alerts and found.lost else f"{found.lost:,}"
    cells = (
        way.title,
        f"{found.counted.problems} of {scenario.problems}",
        "not counted" if of_alerts else f"{found.counted.accounted:,} of {scenario.records:,}",
        f"{lost}, {found.waiting:,} still waiting" if found.waiting else lost,
        f"{found.counted.rate_limited:,}",
        f"{found.counted.repeats:,}",
        _messages(found.counted.messages, found.counted.edits),
        _seconds(found.first_s),
        _seconds(found.last_s),
        shown(found.blocked_max_ms),
        shown(found.blocked_sum_ms),
        f"{found.raised:,}",
        f"{found.memory_mib:.1f}",
    )
    return (*cells, _seconds(found.exit_s)) if scenario.ends else cells


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with its columns aligned, for the terminal and the page alike."""
    everything = [heads, *rows]
    widths = [max(map(len, column)) for column in zip_longest(*everything, fillvalue="")]

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"

    return "\n".join([line(heads), f"| {' | '.join('-' * width for width in widths)} |", *map(line, rows)])


def scenario_text(scenario: Scenario, found: Mapping[Way, Trial | str]) -> str:
    """Return a scenario's title and table."""
    rows = [row(way, each, scenario) for way, each in found.items()]
    return f"**{scenario.title}.**\n\n{markdown(headings(scenario), rows)}\n"


def remarks(ways: Sequence[Way]) -> str:
    """Return what each is not made for, a line each."""
    return "\n".join(f"- *{way.title.replace('*', '')}*: {way.remark}." for way in ways if way.remark)


def replaced(page: str, text: str) -> str:
    """Return the page with this text between its marks.

    Raises:
        ValueError: the page has no such marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{BEGIN} … {END} is not in the page")
    return f"{before}{BEGIN}\n{text.strip()}\n{END}{after}"


def _messages(created: int, edits: int) -> str:
    return f"{created} + {edits} edit{'s' * (edits != 1)}" if edits else str(created)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
