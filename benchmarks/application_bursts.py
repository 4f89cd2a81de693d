"""What a burst of errors cost the application that had them, as numbers and as a line of the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from benchmarks.figures import median, quantile
from benchmarks.table import shown

HEADINGS: Final = (
    "way",
    "errors",
    "threads",
    "accounted",
    "429",
    "messages",
    "first ms",
    "others ms",
    "p99 ms",
    "max ms",
    "exit s",
)


@dataclass(frozen=True, slots=True)
class Burst:
    """How one is made. ``repeats``: the same error again and again, instead of a different one each time."""

    way: str
    repeats: bool
    threads: int

    @property
    def name(self) -> str:
        """Part of a figure's name."""
        way = self.way.replace(", ", "_").replace(" ", "_")
        return f"{way}.{'repeats' if self.repeats else 'different'}.{self.threads}_threads".lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one burst, or of several that were alike.

    ``first_ms`` is the call that began first, wherever it was; ``others_ms`` is the sum over all the other calls of all
    threads, ``p99_ms`` and ``max_ms`` are of those. ``exit_s``: from the end of the last call to that of the process.
    """

    errors: int
    accounted: int
    messages: int
    rate_limited: int
    first_ms: float
    others_ms: float
    p99_ms: float
    max_ms: float
    exit_s: float


def outcome(
    spans_ns: Sequence[Sequence[int]], *, accounted: int, messages: int, rate_limited: int, exit_s: float
) -> Outcome:
    """Return the outcome of a burst whose calls began and ended then.

    Raises:
        ValueError: there are fewer than two calls.
    """
    first, *others = (((end - begin) / 1e6) for begin, end in sorted(tuple(span) for span in spans_ns))
    return Outcome(
        errors=len(spans_ns),
        accounted=accounted,
        messages=messages,
        rate_limited=rate_limited,
        first_ms=first,
        others_ms=sum(others),
        p99_ms=quantile(others, 0.99),
        max_ms=max(others),
        exit_s=exit_s,
    )


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """Return one for several of the same burst: medians of times, but the worst ``max_ms`` and the worst counts."""
    return Outcome(
        errors=outcomes[0].errors,
        accounted=min((each.accounted for each in outcomes), key=lambda count: -abs(count - outcomes[0].errors)),
        messages=max(each.messages for each in outcomes),
        rate_limited=max(each.rate_limited for each in outcomes),
        first_ms=median([each.first_ms for each in outcomes]),
        others_ms=median([each.others_ms for each in outcomes]),
        p99_ms=median([each.p99_ms for each in outcomes]),
        max_ms=max(each.max_ms for each in outcomes),
        exit_s=median([each.exit_s for each in outcomes]),
    )


def burst_row(burst: Burst, found: Outcome | str) -> tuple[str, ...]:
    """Return the cells of a line; a text in place of an outcome is the reason why there is none."""
    cells = (burst.way, "the same" if burst.repeats else "different", str(burst.threads))
    if isinstance(found, str):
        return (*cells, found)
    return (
        *cells,
        f"{found.accounted} of {found.errors}",
        str(found.rate_limited),
        str(found.messages),
        *(shown(value) for value in (found.first_ms, found.others_ms, found.p99_ms, found.max_ms)),
        f"{found.exit_s:.2f}",
    )


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines with columns: texts to the left, what follows the first two to the right.

    The last cell of a row that is shorter than the first one is a remark, as long as it likes.
    """
    full = [row for row in rows if len(row) == len(rows[0])]
    widths = [max(map(len, column)) for column in zip_longest(*full, fillvalue="")]
    lines = []
    for row in rows:
        is_full = len(row) == len(rows[0])
        cells = [
            cell.ljust(width) if column < 2 or (not is_full and column == len(row) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
