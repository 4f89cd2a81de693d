"""Gauges of Discord's limits."""

from typing import Any

import pytest

from otel_discord.discord_api.html_gauges import gauges, render_gauges

EMBED: dict[str, Any] = {
    "title": "t" * 34,
    "description": "d" * 812,
    "fields": [{"name": "n" * 5, "value": "v" * 7}, {"name": "n", "value": "v" * 1024}],
    "footer": {"text": "f" * 3},
    "author": {"name": " a "},
}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (
            {"embeds": [EMBED]},
            ["title 34/256", "description 812/4096", "fields 2/25", "total 1,887/6000"],
        ),
        ({"embeds": [EMBED, EMBED]}, ["embed 2 title 34/256", "total 3,774/6000", "embeds 2/10"]),
        ({"content": "  hello "}, ["content 5/2000"]),
        ({"content": None, "embeds": None}, []),
        ({"username": "Ada", "thread_name": "post"}, ["username 3/80", "thread name 4/100"]),
    ],
)
def test_every_limit_that_something_uses_is_shown(message: dict[str, Any], said: list[str]) -> None:
    shown = [str(gauge) for gauge in gauges(message)]

    assert set(said) <= set(shown)
    assert bool(said) == bool(shown)


def test_files_are_counted_and_weighed() -> None:
    assert [str(gauge) for gauge in gauges({}, [1024, 512])] == ["files 2/10", "file bytes 1.5 KiB/24.8 MiB"]


@pytest.mark.parametrize(("chars", "level"), [(100, "ok"), (1_800, "nearly"), (2_000, "nearly"), (2_001, "over")])
def test_levels(chars: int, level: str) -> None:
    (gauge,) = gauges({"content": "x" * chars})

    assert gauge.level == level
    assert f"dv-{level}" in render_gauges([gauge])
