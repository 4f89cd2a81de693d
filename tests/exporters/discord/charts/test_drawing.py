"""Charts as PNG."""

import os
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from otel_discord.exporters.discord.charts.drawing import HEIGHT_PX, MOST_BYTES, WIDTH_PX, draw
from otel_discord.exporters.discord.charts.plan import plan_chart
from otel_discord.exporters.discord.charts.shapes import ChartPlan, Label, Mark, MarkKind, Span, Spot, Worst
from tests.exporters.discord.charts.alerts import alert


def plan_of(*args: object, **facts: object) -> ChartPlan:
    plan = plan_chart(alert(*args, **facts))  # type: ignore[arg-type]
    assert plan is not None
    return plan


def size_of(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert png[12:16] == b"IHDR"
    assert png[-8:-4] == b"IEND"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.mark.parametrize(
    "plan",
    [
        plan_of([1.0, 2.0]),
        plan_of(lambda at: float(at % 7), start=60, end=80, threshold="> 3", unit="By", severity="critical"),
        plan_of(lambda at: float(at * 7919 % 1000), count=5000, threshold="> 500"),
        plan_of(lambda at: 5.0, threshold="== 5"),
        plan_of([1.7e308, -1.7e308, float("inf"), float("nan"), 5e-324], threshold="< 1e308"),
        plan_of(float, threshold="< 20", unit="s"),
        ChartPlan(lines=[[Spot(0.5, 0.5)]]),
    ],
)
def test_it_is_a_small_picture(plan: ChartPlan) -> None:
    png = draw(plan)
    assert size_of(png) == (WIDTH_PX, HEIGHT_PX)
    assert len(png) <= MOST_BYTES
    assert draw(plan) == png


HOSTILE = [
    "$\\frac{1}{0}$",
    "$$$",
    "a\nb\tc",
    "\x00\x1b[31m",
    "\ud800",
    "🔥🔥🔥",
    "漢字",
    "\u202eabc",
    "e\u0301" * 50,
    "x" * 10_000,
    "%s{}\\",
    "",
    " ",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_can_be_drawn(text: str) -> None:
    plan = ChartPlan(
        lines=[[Spot(0, 0), Spot(1, 1)]],
        value_labels=[Label(0.5, text)],
        time_labels=[Label(0.5, text)],
        threshold=0.7,
        threshold_text=text,
        breaches=[Span(0.7, 1)],
        bad_is_low=False,
        marks=[Mark(0.7, MarkKind.START, text)],
        worst=Worst(Spot(1, 1), text),
    )
    assert size_of(draw(plan)) == (WIDTH_PX, HEIGHT_PX)


def test_what_matters_can_be_seen() -> None:
    plan = plan_of(lambda at: 9.0 if at > 80 else 1.0, start=85, threshold="> 5")
    pictures = {
        draw(each)
        for each in (
            plan,
            replace(plan, is_severe=True),
            replace(plan, breaches=()),
            replace(plan, threshold=None),
            replace(plan, marks=()),
            replace(plan, worst=None),
            replace(plan, lines=plan.lines[:0]),
        )
    }
    assert len(pictures) == 7


PROGRAM = """
import os, sys
from pathlib import Path
from otel_discord.exporters.discord.charts.shapes import ChartPlan, Spot
assert "matplotlib" not in sys.modules, "only the first chart needs it"
from otel_discord.exporters.discord.charts.drawing import draw
assert "matplotlib.pyplot" not in sys.modules
assert "MPLCONFIGDIR" not in os.environ
sys.stdout.buffer.write(draw(ChartPlan(lines=[[Spot(0, 0), Spot(1, 1)]])))
"""


def run(home: Path, cwd: Path) -> bytes:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MPL", "XDG", "COV"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env={**environment, "HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[4])},
        cwd=cwd,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_nothing_is_written_to_the_home_directory_and_no_style_of_a_user_counts(tmp_path: Path) -> None:
    plain, styled = tmp_path / "plain", tmp_path / "styled"
    plain.mkdir()
    styled.mkdir()
    (styled / "matplotlibrc").write_text(
        "font.size: 40\nlines.linewidth: 30\nlines.color: red\npath.sketch: 9, 100, 2\n"
    )
    assert run(plain, plain) == run(plain, styled)
    assert list(plain.iterdir()) == []
