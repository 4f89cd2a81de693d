"""Rows 59–69: requests and connections that mean harm. Small; `make faults` plays them whole."""

from pathlib import Path

import pytest

from tests.faults.row import Theme
from tests.faults.small import numbers, play_small


@pytest.mark.parametrize("number", numbers(Theme.INPUT))
async def test_row(number: int, tmp_path: Path) -> None:
    await play_small(number, tmp_path)
