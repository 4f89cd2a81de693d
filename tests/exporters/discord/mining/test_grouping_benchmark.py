"""The benchmark itself, on small files made here; and the public sets where they are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import grouping

ROOT = Path(__file__).parents[4]
SETS = os.environ.get("OTEL_DISCORD_LOG_SETS", "")


def write_set(path: Path, rows: list[tuple[str, str]]) -> Path:
    path.write_text("Content,EventId\n" + "".join(f'"{content}",{event}\n' for content, event in rows))
    return path


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    return write_set(
        tmp_path / "small.csv", [("disk 1 full", "E1"), ("disk 2 full", "E1"), ("ok", "E2"), ("a b", "E2")]
    )


@pytest.mark.parametrize(
    ("found", "truth", "accuracy"),
    [
        ([], [], 0.0),
        ("aab", "xxy", 1.0),
        ("abc", "xxy", 1 / 3),
        ("aaab", "xxyz", 0.25),
    ],
)
def test_grouping_accuracy_is_the_share_of_lines_in_exact_groups(found: str, truth: str, accuracy: float) -> None:
    assert grouping.grouping_accuracy(found, truth) == accuracy


def test_the_table(small_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert grouping.main([str(small_set)]) == 0
    heading, row, last = capsys.readouterr().out.splitlines()
    assert heading.split() == ["name", "lines", "groups", "accuracy", "lines/s"]
    assert row.split()[:4] == ["small", "4", "3", "0.5000"]
    assert last.split()[0] == "mean"


def test_as_a_script(small_set: Path) -> None:
    def printed(*options: str) -> str:
        command = [sys.executable, "benchmarks/grouping.py", *options, str(small_set)]
        return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=30).stdout

    rows = json.loads(printed("--json"))
    assert [row["name"] for row in rows] == ["small", "mean"]
    assert list(rows[0]) == ["name", "lines", "groups", "accuracy", "lines_per_s"]
    assigned = [line.split("\t") for line in printed("--assign").splitlines()]
    assert [(name, number) for name, number, _ in assigned] == [(str(small_set), str(at)) for at in range(1, 5)]
    assert [len({group for _, _, group in assigned[:count]}) for count in (2, 3, 4)] == [1, 2, 3]


@pytest.mark.skipif(not SETS, reason="OTEL_DISCORD_LOG_SETS names no folder with log sets of known templates")
def test_the_public_sets() -> None:
    paths = sorted(Path(SETS).glob("*.csv"))
    rows = [grouping.measured(path) for path in paths]
    assert grouping.mean(rows).accuracy >= 0.92
    for path in paths:
        messages, truth = grouping.read_lines(path)
        assert grouping.over_merged(list(grouping.groups_online(messages)), truth) <= len(messages) * 0.03
