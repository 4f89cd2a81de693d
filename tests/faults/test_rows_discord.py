"""Rows 33–55 and 70: the way to Discord, and what it answers. Small; `make faults` plays them whole."""

from pathlib import Path

import pytest

from tests.faults.row import Theme
from tests.faults.small import numbers, play_small


@pytest.mark.parametrize("number", numbers(Theme.DISCORD))
async def test_row(number: int, tmp_path: Path) -> None:
    await play_small(number, tmp_path)
