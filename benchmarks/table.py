"""The one table that is printed, and the two files: what this run found, and what is stored to compare with."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Figure, Verdict, verdict

RESULTS: Final = Path(__file__).parent / "results"
STORED: Final = RESULTS / "stored.json"
LATEST: Final = RESULTS / "latest.json"

_HEADINGS: Final = ("figure", "value", "unit", "aim", "ratio", "stored", "")
_MARKS: Final[Mapping[Verdict, str]] = {"better": "▲", "worse": "▼", "same": "", "new": "new"}


def read_ratios(path: Path) -> dict[str, float]:
    """Return the ratios of a file of results by figure; none where there is no such file."""
    if not path.exists():
        return {}
    figures: dict[str, dict[str, Any]] = json.loads(path.read_text())["figures"]
    return {name: figure["ratio"] for name, figure in figures.items() if figure["ratio"] is not None}


def write_figures(path: Path, figures: Sequence[Figure], machine: Mapping[str, object]) -> None:
    """Write figures; those of other benchmarks that the file holds stay."""
    before: dict[str, Any] = json.loads(path.read_text())["figures"] if path.exists() else {}
    merged = before | {figure.name: figure.to_json() for figure in figures}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine, "figures": dict(sorted(merged.items()))}, indent=1) + "\n")


def table(figures: Sequence[Figure], stored: Mapping[str, float]) -> str:
    """Return the lines to print: each figure beside its aim and the stored ratio, changes marked."""
    rows = [_HEADINGS, *(_row(figure, stored.get(figure.name)) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return "\n".join(_line(row, widths) for row in rows)


def _row(figure: Figure, stored_ratio: float | None) -> tuple[str, ...]:
    aim = ""
    if figure.aim is not None:
        sign = "≥" if figure.better == "higher" else "≤"
        aim = f"{sign} {shown(figure.aim)} {'ok' if figure.meets_aim else 'MISSED'}"
    found = verdict(figure, stored_ratio)
    mark = _MARKS[found]
    if stored_ratio and found in {"better", "worse"}:
        mark = f"{mark} {figure.ratio / stored_ratio - 1:+.0%} {found}"
    ratio = "" if math.isnan(figure.ratio) else shown(figure.ratio)
    stored = "" if stored_ratio is None else shown(stored_ratio)
    return figure.name, shown(figure.value), figure.unit, aim, ratio, stored, mark


def _line(row: tuple[str, ...], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if column in {1, 4, 5} else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def shown(value: float) -> str:
    """Return a number for people: thousands separated, three or four digits that matter."""
    if value >= 1000:
        return f"{float(f'{value:.4g}'):,.0f}"
    return f"{value:.4g}" if value >= 100 else f"{value:.3g}"
