"""A few ends at random moments; ``OTEL_DISCORD_KILLS=200`` for more, ``python -m tests.kills`` for a table."""

import os
import signal
from pathlib import Path

import pytest

from tests.kills.random_ends import Plan, play

KILLS = int(os.environ.get("OTEL_DISCORD_KILLS", "0"))
SEED = int(os.environ.get("OTEL_DISCORD_SEED", "7"))


@pytest.mark.timeout(120 + 10 * KILLS)
def test_kills_lose_nothing_and_repeat_a_message_at_most(tmp_path: Path) -> None:
    outcome = play(Plan(KILLS or 8, SEED, audits=1_000), tmp_path)
    assert outcome.verdict.wrong == [], outcome.figures
    assert outcome.verdict.accepted > 100
    assert outcome.recovered


@pytest.mark.timeout(120 + 10 * KILLS)
def test_orderly_ends_repeat_nothing(tmp_path: Path) -> None:
    outcome = play(Plan(KILLS or 4, SEED, signal.SIGTERM, audits=1_000), tmp_path)
    assert outcome.verdict.wrong == [], outcome.figures
    assert outcome.verdict.accepted > 100
    assert outcome.verdict.repeats == outcome.verdict.marked_messages == 0


def test_kills_under_the_limits_of_discord(tmp_path: Path) -> None:
    """A backlog waits for its turn in every life, and comes in order all the same."""
    outcome = play(Plan(KILLS or 3, SEED, profile="default", audits=1_000), tmp_path)
    assert outcome.verdict.wrong == [], outcome.figures
    assert outcome.verdict.accepted > 5
