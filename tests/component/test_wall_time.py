"""Times that people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.component.dead_letters import time_text
from otel_discord.component.wall_time import wall_time_ns


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:00Z", 1_767_225_600),
        ("2026-01-01t00:00z", 1_767_225_600),
        (" 2026-01-01 01:30:00+01:30 ", 1_767_225_600),
        ("2025-12-31T23:00:00.5-01:00", 1_767_225_600.5),
        ("2026-01-01T00:00:00.123456789Z", 1_767_225_600.123456),
    ],
)
def test_what_is_a_time(text: str, seconds: float) -> None:
    assert wall_time_ns(text) == round(seconds * 10**6) * 1_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-13-01T00:00:00Z",
        "1969-01-01T00:00:00Z",
        "20260101T000000Z",
        "0001-01-01T00:00:00+23:59",
        "2026-01-01T00:00:00+25:00",
        "2026-01-01T00:00:00Z until",
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time as in 2026-"):
        wall_time_ns(text)


@given(st.integers(1, 253_370_764_799 * 10**6))
def test_what_we_write_is_read_again(time_us: int) -> None:
    assert wall_time_ns(time_text(time_us * 1_000)) == time_us * 1_000
