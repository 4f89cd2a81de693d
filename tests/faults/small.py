"""Rows as tests: played small, from a fixed seed; another one by ``OTEL_DISCORD_FAULTS_SEED``."""

import os
from pathlib import Path

import pytest

import tests.faults.rows  # noqa: F401 - registers them
from tests.faults.perform import perform
from tests.faults.row import ROWS, Verdict, numbers

__all__ = ["numbers", "play_small"]

LONG = frozenset({4, 6, 7, 8, 10, 11, 13, 19, 21, 24, 25, 28, 29, 31, 44, 47, 51, 52, 54, 56, 65, 70})
"""Rows that take four seconds and more even small. With OTEL_DISCORD_FAULTS=all they are played too."""
SEED = int(os.environ.get("OTEL_DISCORD_FAULTS_SEED", "1"))


async def play_small(number: int, directory: Path) -> None:
    """Play a row; skip the test where this machine cannot, fail it where the row is red."""
    if number in LONG and os.environ.get("OTEL_DISCORD_FAULTS") != "all":
        pytest.skip("takes long: played by `make faults`, or with OTEL_DISCORD_FAULTS=all")
    result = await perform(ROWS[number], directory, seed=SEED, whole=False)
    if result.verdict is Verdict.EXPLAINED:
        pytest.skip(result.why)
    if result.verdict is Verdict.RED:
        pytest.fail(f"row {number}, {ROWS[number].fault}: {result.why}", pytrace=False)
