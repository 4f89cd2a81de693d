"""Which line of a message counts."""

import pytest

from otel_discord.exporters.discord.mining import Miner, problem_text

TRACEBACK = """Traceback (most recent call last):
  File "shop.py", line 7, in pay
    charge(card)
ValueError: card 17 expired
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("one line ", "one line"),
        ("\n\n  first\nsecond", "first"),
        ("first\r\nsecond\r\n", "first"),
        (TRACEBACK, "ValueError: card 17 expired"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ("payment failed\n" + TRACEBACK, "payment failed"),
    ],
)
def test_the_line_that_tells_the_problem(text: str, line: str) -> None:
    assert problem_text(text) == line
    assert problem_text(line) == line


def test_the_miner_looks_at_that_line() -> None:
    miner = Miner()
    assert miner.match(TRACEBACK) == miner.match("ValueError: card 9 expired\nand more")
    assert miner.match(TRACEBACK.replace("ValueError", "KeyError")) != miner.match(TRACEBACK)
