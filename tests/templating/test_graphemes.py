"""Boundaries, also where there is nothing to search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.templating.graphemes import ceil_boundary, floor_boundary, is_boundary

FAMILY = "👩\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("text", "index", "floor", "ceil"),
    [
        ("", 0, 0, 0),
        ("", 5, 0, 0),
        ("abc", -1, 0, 0),
        ("abc", 0, 0, 0),
        ("abc", 2, 2, 2),
        ("abc", 3, 3, 3),
        ("abc", 9, 3, 3),
        ("a\r\nb", 2, 1, 3),
        (f"a{FAMILY}b", 3, 1, 6),
        ("🇩🇪🇫🇷", 3, 2, 4),
        ("각\u11a8b", 1, 0, 2),
        ("e\u0301", 1, 0, 2),
        ("e" + "\u0301" * 100, 80, 80, 101),
        ("e" + "\u0301" * 200, 80, 80, 80),
    ],
)
def test_the_nearest_boundaries(text: str, index: int, floor: int, ceil: int) -> None:
    assert (floor_boundary(text, index), ceil_boundary(text, index)) == (floor, ceil)


@given(st.text(max_size=40), st.integers(-5, 50))
def test_a_boundary_lies_in_the_text_and_on_its_side(text: str, index: int) -> None:
    floor, ceil = floor_boundary(text, index), ceil_boundary(text, index)
    assert 0 <= floor <= max(0, index)
    assert min(index, len(text)) <= ceil <= len(text)
    assert is_boundary(text, floor)
    assert is_boundary(text, ceil)
