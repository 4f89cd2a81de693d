"""A few ends at random moments with folding; ``OTEL_DISCORD_KILLS=200`` for more, ``python -m tests.kills --fold``."""

import os
import signal
from pathlib import Path

import pytest

from tests.kills.fold_ends import play_folded
from tests.kills.random_ends import Plan

KILLS = int(os.environ.get("OTEL_DISCORD_KILLS", "0"))
SEED = int(os.environ.get("OTEL_DISCORD_SEED", "7"))


@pytest.mark.timeout(120 + 10 * KILLS)
def test_counts_are_exact_over_kills(tmp_path: Path) -> None:
    outcome = play_folded(Plan(KILLS or 6, SEED), tmp_path)
    assert outcome.verdict.wrong == [], outcome.figures
    assert outcome.verdict.accepted > 500
    assert outcome.edits > 50
    assert outcome.with_unshown


@pytest.mark.timeout(120 + 10 * KILLS)
def test_counts_are_exact_over_orderly_ends(tmp_path: Path) -> None:
    outcome = play_folded(Plan(KILLS or 3, SEED, signal.SIGTERM), tmp_path)
    assert outcome.verdict.wrong == [], outcome.figures
    assert outcome.verdict.repeated == outcome.verdict.marked_messages == 0
