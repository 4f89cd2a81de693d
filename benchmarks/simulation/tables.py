"""The tables that are printed and written into ``docs/explanation/scale.md``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.simulation.cpu import RecordCost
from benchmarks.simulation.outcome import Outcome

PAGE: Final = Path(__file__).parents[2] / "docs" / "explanation" / "scale.md"
BEGIN: Final = "<!-- generated: simulation -->"
END: Final = "<!-- end -->"
_MIB: Final = 2**20


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; numbers stand right."""
    widths = [max(len(row[column]) for row in (headings, *rows)) for column in range(len(headings))]
    lines = [_line(headings, widths), "| " + " | ".join("-" * width for width in widths) + " |"]
    return "\n".join([*lines, *(_line(row, widths) for row in rows)])


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


_FLOW: Final = (
    "replicas",
    "addresses",
    "records/s",
    "webhooks",
    "channels used",
    "50/s used",
    "critical p50, p99",
    "other p50, p99",
    "messages",
    "edits",
    "429",
    "not shown yet",
    "behind",
)


def flow(outcomes: Sequence[Outcome]) -> str:
    """Return what goes out, how soon, and what waits at the end."""
    return markdown(_FLOW, [_flow_row(each) for each in outcomes])


_COST: Final = (
    "replicas",
    "cores a replica",
    "books MiB a replica",
    "requests/s a replica",
    "statements/s",
    "a record",
    "commits/s",
    "rows/s",
    "stored MiB/s",
)


def cost(outcomes: Sequence[Outcome], record: RecordCost) -> str:
    """Return what a replica and the engine have to do."""
    rows = [
        (
            f"{each.plan.replicas}",
            f"{each.per_s(each.accepted) / each.plan.replicas * record.us / 1e6:.2f}",
            f"{each.book_bytes / _MIB:.1f}",
            f"{each.per_s(each.sent_most):.1f}",
            f"{each.per_s(each.statements):,.0f}",
            f"{each.statements_per_record:.4f}",
            f"{each.per_s(each.commits):,.0f}",
            f"{each.per_s(each.rows):,.0f}",
            f"{each.per_s(each.stored_bytes) / _MIB:.1f}",
        )
        for each in outcomes
    ]
    return markdown(_COST, rows)


_GROWTH: Final = ("replicas", "work", "statements", "commits", "rows", "books a replica", "other p99", "backlog")


def growth(outcomes: Sequence[Outcome], base_s: float) -> str:
    """Return by how much things grow, in units of how much the work does: 1.00 is exactly as much."""
    rows = []
    for each in outcomes:
        ratios = growth_ratios(outcomes[0], each, base_s)
        work = each.accepted / outcomes[0].accepted
        rows.append((f"{each.plan.replicas}", f"×{work:.1f}", *(f"{ratio:.2f}" for ratio in ratios.values())))
    return markdown(_GROWTH, rows)


def growth_ratios(first: Outcome, each: Outcome, base_s: float) -> dict[str, float]:
    """Return each quantity's growth by the work's; a replica's memory and a latency are not to grow at all.

    ``base_s`` is the p99 of ordinary cards that growth is told against.
    """
    work = each.accepted / first.accepted
    return {
        "statements": each.statements / first.statements / work,
        "commits": each.commits / first.commits / work,
        "rows": each.rows / first.rows / work,
        "books": each.book_bytes / first.book_bytes,
        "other_p99": each.other_s[1] / base_s if each.other_s and base_s else 0.0,
        "waiting": each.waiting / max(1, first.waiting) / work,
    }


def failures(each: Outcome) -> str:
    """Return what a run with failures came to."""
    rows = [
        ("records accepted", f"{each.accepted:,}"),
        ("shown in Discord", f"{each.shown:,}"),
        ("waiting at the end", f"{each.waiting:,}"),
        ("dead letters (the deleted channel)", f"{each.dead:,}"),
        ("lost", f"{each.accepted - each.shown - each.waiting - each.dead:,}"),
        ("messages in doubt", f"{each.ambiguous:,}"),
        ("messages repeated", f"{each.repeats:,}"),
        ("429", f"{each.limited:,}"),
        ("a lane without owner, at most", f"{each.handed_over_s:.1f} s"),
        ("records that clients held back", f"{each.longest_refused:,}"),
        ("critical p50, p99", _both(each.critical_s)),
        ("other p50, p99", _both(each.other_s)),
    ]
    return markdown(("what", "found"), rows)


def _flow_row(each: Outcome) -> tuple[str, ...]:
    plan = each.plan
    return (
        f"{plan.replicas}",
        f"{plan.addresses}",
        f"{each.per_s(each.offered):,.0f}",
        f"{plan.webhooks:,}",
        f"{each.channel_use:.1%}",
        f"{each.address_use:.1%}",
        _both(each.critical_s),
        _both(each.other_s),
        f"{each.messages:,}" + (f" ({each.digests:,} digests)" if each.digests else ""),
        f"{each.edits:,}",
        f"{each.limited}",
        f"{each.waiting:,}",
        f"{each.waiting / each.per_s(each.offered):.1f} s",
    )


def _both(seconds: tuple[float, float] | None) -> str:
    return "-" if seconds is None else f"{seconds[0]:.2f}, {seconds[1]:.2f} s"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if cell[:1].isdigit() else cell.ljust(width)
        for cell, width in zip(cells, widths, strict=True)
    ]
    return "| " + " | ".join(padded) + " |"
