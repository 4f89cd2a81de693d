"""What a person writes to silence something, and what the terminal shows of it."""

from typing import Any

import pytest

from otel_discord.cli.silence import COLUMNS, row
from otel_discord.cli.silence_times import split_words, start_text

NOW_S = 1_767_225_600.0  # 2026-01-01T00:00Z


@pytest.mark.parametrize(
    ("words", "matchers", "end"),
    [
        (["service.name=shop", "2h"], ["service.name=shop"], {"for_s": 7200.0}),
        (["Slow", "a=b, c=d", "1h30m"], ["Slow", "a=b, c=d"], {"for_s": 5400.0}),
        (["a=b", "until", "2026-01-31T18:00:00+01:00"], ["a=b"], {"until": "2026-01-31T17:00:00.000000Z"}),
        (["a=b", "until 2026-01-31T18:00Z"], ["a=b"], {"until": "2026-01-31T18:00:00.000000Z"}),
    ],
)
def test_matchers_come_before_the_time(words: list[str], matchers: list[str], end: dict[str, Any]) -> None:
    assert split_words(words) == (matchers, end)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "expected how long at the end"),
        (["service.name=shop"], "expected how long at the end.*'service.name=shop'"),
        (["a=b", "2"], "how long"),
        (["a=b", "-2h"], "how long"),
        (["a=b", "0"], "how long"),
        (["2h"], "expected a matcher before"),
        (["until", "2026-01-31T18:00Z"], "expected a matcher before"),
        (["a=b", "until", "friday"], "'friday': expected a time"),
        (["a=b", "until"], "how long"),
    ],
)
def test_what_cannot_be_understood(words: list[str], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        split_words(words)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", ""),
        ("in 10m", "2026-01-01T00:10:00.000000Z"),
        ("1h", "2026-01-01T01:00:00.000000Z"),
        ("2026-01-31T18:00:00+01:00", "2026-01-31T17:00:00.000000Z"),
    ],
)
def test_when_it_begins(said: str, expected: str) -> None:
    assert start_text(said, NOW_S) == expected


@pytest.mark.parametrize("said", ["in", "soon", "-5m", "in -5m", "2026-01-31", "10"])
def test_no_beginning(said: str) -> None:
    with pytest.raises(ValueError, match="expected a time"):
        start_text(said, NOW_S)


def test_a_row_has_a_text_for_each_column_and_cannot_move_the_cursor() -> None:
    line = {
        "id": "5a",
        "active": True,
        "matchers": ["service.name=shop", "a\x1b[31m=b"],
        "starts": "2026-01-31T10:00:00Z",
        "until": "2026-01-31T12:00:00Z",
        "silenced_records": 5201,
        "author": "ann",
        "exporter": "discord",
    }
    cells = row(line)
    assert len(cells) == len(COLUMNS)
    assert all(cell.isprintable() for cell in cells)
    assert cells[2].startswith("until 2026-01-31")
    assert cells[3:] == ["5,201", "ann", "", "discord"]
    assert row({**line, "active": False})[2].startswith("from 2026-01-31")
