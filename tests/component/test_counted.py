"""A number and what it counts."""

import pytest

from otel_discord.component.counted import counted


@pytest.mark.parametrize(
    ("count", "words", "expected"),
    [
        (0, ("record",), "0 records"),
        (1, ("record",), "1 record"),
        (1240, ("record",), "1,240 records"),
        (1, ("batch", "batches"), "1 batch"),
        (2, ("batch", "batches"), "2 batches"),
    ],
)
def test_words(count: int, words: tuple[str, ...], expected: str) -> None:
    assert counted(count, *words) == expected
