"""Statistics, the comparison with what is stored, and the printed line."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures import Figure, median, quantile, verdict
from benchmarks.table import read_ratios, shown, table, write_figures


def figure(**given: Any) -> Figure:
    return Figure(**{"name": "ingest", "value": 1000.0, "unit": "records/s", "ratio": 0.5, **given})


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0], 0.99, 3.0), ([1.0, 2.0], 0.5, 1.5), ([4.0, 1.0, 3.0, 2.0], 0.0, 1.0), ([1.0, 2.0, 3.0], 1.0, 3.0)],
)
def test_quantiles(values: list[float], share: float, expected: float) -> None:
    assert quantile(values, share) == expected


def test_a_median_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        median([])


@pytest.mark.parametrize(
    ("ratio", "better", "stored", "expected"),
    [
        (0.5, "higher", 0.5, "same"),
        (0.59, "higher", 0.5, "same"),
        (0.61, "higher", 0.5, "better"),
        (0.41, "higher", 0.5, "worse"),
        (0.61, "lower", 0.5, "worse"),
        (0.41, "lower", 0.5, "better"),
        (0.5, "higher", None, "new"),
        (float("nan"), "higher", None, "same"),
        (0.0, "higher", 0.5, "same"),
        (0.5, "higher", 0.0, "new"),
    ],
)
def test_a_change_of_more_than_a_fifth_is_marked(
    ratio: float, better: Any, stored: float | None, expected: str
) -> None:
    assert verdict(figure(ratio=ratio, better=better), stored) == expected


def test_a_line_shows_aim_and_change() -> None:
    lines = table([figure(ratio=0.25, aim=2000), figure(name="idle", better="lower", aim=2000)], {"ingest": 0.5})
    _, ingest, idle = lines.splitlines()
    assert "≥ 2,000 MISSED" in ingest
    assert ingest.endswith("▼ -50% worse")
    assert "≤ 2,000 ok" in idle
    assert idle.endswith("new")


def test_figures_of_other_benchmarks_stay_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "results" / "stored.json"
    assert read_ratios(path) == {}
    write_figures(path, [figure(), figure(name="count", ratio=float("nan"))], {"cores": 2})
    write_figures(path, [figure(name="idle", ratio=0.123456)], {"cores": 2})
    assert read_ratios(path) == {"ingest": 0.5, "idle": 0.1235}
    assert json.loads(path.read_text())["figures"]["count"]["ratio"] is None


@pytest.mark.parametrize(
    ("value", "text"), [(123_456.7, "123,500"), (0.12345, "0.123"), (12.345, "12.3"), (0.0, "0"), (976.4, "976.4")]
)
def test_numbers_for_people(value: float, text: str) -> None:
    assert shown(value) == text
