"""The line of text for where no picture can be drawn."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.exporters.discord.charts.points import in_order
from otel_discord.exporters.discord.charts.sparkline import BLOCKS, GAP, WIDTH, blocks, sparkline
from otel_discord.signals.alert_event import AlertEvent, AlertState
from tests.exporters.discord.charts.alerts import NS, T0_NS, alert


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (alert([1, 2, 3, 4, 5, 6, 7, 8], step_s=60), "▁▂▃▄▅▆▇█ 1 to 8 in 7 m"),
        (alert([8, 1], unit="By"), "█▁ 1 B to 8 B in 5 s"),
        (alert([3, 3, 3]), "▄▄▄ 3 in 10 s"),
        (alert([0.5, 0.9], unit="1", threshold="> 80 %"), "▁█ 50 % to 90 % in 5 s"),
        (alert([1.0, 1.0, 1.0, math.nan, math.nan, 9.0]), "▁▁▁··█ 1 to 9 in 25 s"),
        (alert([1.0, 1.0, math.inf, -math.inf, 2.0]), "▁▁█▁█ 1 to 2 in 20 s"),
        (alert([3.0, 3.0, math.inf, -math.inf, 3.0]), "▄▄█▁▄ 3 in 20 s"),
        (alert([1.0]), ""),
        (alert([]), ""),
        (alert([math.nan, math.inf]), ""),
    ],
)
def test_blocks_and_words(event: AlertEvent, expected: str) -> None:
    assert sparkline(event) == expected


def test_each_stretch_shows_its_worst() -> None:
    spiky = alert(lambda at: 100.0 if at == 61 else 1.0)
    assert sparkline(spiky).split()[0].count("█") == 1
    dips = alert(lambda at: 1.0 if at == 61 else 100.0, threshold="< 5")
    assert sparkline(dips).split()[0].count("▁") == 1


def test_no_place_no_blocks() -> None:
    assert blocks([(0, 1.0), (1, 2.0)], 0) == ""
    assert blocks([(0, 1.0), (0, 2.0)]) == "█"


@given(st.lists(st.tuples(st.integers(0, 2**63), st.floats()), max_size=60), st.integers(1, WIDTH))
def test_any_series_fits(series: list[tuple[int, float]], width: int) -> None:
    line = blocks(in_order(series), width)
    assert len(line) <= width
    assert set(line) <= {*BLOCKS, GAP}
    text = sparkline(AlertEvent(name="x", state=AlertState.FIRING, series=series, threshold="< 3"), width)
    assert "\n" not in text
    assert not text or text[0] in BLOCKS
    assert not text or text.split(" ")[0][-1] in BLOCKS


def test_a_gap_is_seen() -> None:
    series = [(T0_NS + at * NS, 1.0) for at in (0, 1, 2, 3, 8, 9, 10)]
    assert blocks(series) == "▄▄▄▄····▄▄▄"
