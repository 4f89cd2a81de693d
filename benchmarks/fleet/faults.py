"""The database away, standing still, full, cut off: a table, row by row; see ``tests/fleet/faults.py``."""

from benchmarks.figures import Figure, Report
from benchmarks.sizes import Size
from tests.fleet.faults import HEADINGS, ROWS, FaultOutcome, play_row


def run(size: Size) -> Report:
    """Play every row.

    Raises:
        RuntimeError: a promise was broken; with the table.
    """
    rows = [row for row in ROWS if row.number == "73"] if size is Size.TINY else ROWS
    outcomes = [play_row(row, scale=0.1 if size is Size.TINY else 1.0) for row in rows]
    lines = table(outcomes)
    wrong = [f"{each.row.number}: {words}" for each in outcomes for words in each.verdict.wrong]
    if wrong:
        raise RuntimeError("\n".join([*lines, *wrong[:30]]))
    figures = [
        Figure(
            name=f"fleet.faults.{each.row.number}.fresh",
            value=each.fresh_s,
            unit="s",
            better="lower",
            aim=30.0,
        )
        for each in outcomes
    ]
    return Report(figures, ["fleet-faults:", *lines])


def table(outcomes: list[FaultOutcome]) -> list[str]:
    """Return the lines of a table in Markdown."""
    rows = [HEADINGS, tuple("---" for _ in HEADINGS), *(each.cells for each in outcomes)]
    return [f"| {' | '.join(row)} |" for row in rows]
