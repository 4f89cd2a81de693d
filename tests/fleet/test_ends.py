"""Replicas are killed and stand still; ``python -m benchmarks fleet-ends`` for many of them."""

import os

import pytest

from tests.extensions.db_storage.server import find_programs
from tests.fleet.ends import EndsPlan, play_ends

pytestmark = pytest.mark.skipif(find_programs() is None, reason="no PostgreSQL here")


@pytest.mark.timeout(120)
@pytest.mark.skipif(os.environ.get("OTEL_DISCORD_FAULTS") != "all", reason="played with OTEL_DISCORD_FAULTS=all")
def test_one_process_is_killed_under_load() -> None:
    outcome = play_ends(EndsPlan(kills=1, pauses=0, replicas=1, destinations=6, in_fleet=False, lease_s=1.5))
    assert outcome.verdict.wrong == [], outcome.figures
    assert outcome.verdict.accepted > 20


@pytest.mark.timeout(120)
def test_replicas_of_a_fleet_are_killed_and_stand_still() -> None:
    outcome = play_ends(EndsPlan(kills=1, pauses=1, destinations=12))
    assert outcome.verdict.wrong == [], outcome.figures
    assert outcome.verdict.accepted > 100
    assert outcome.late > 0


@pytest.mark.timeout(400)
@pytest.mark.skipif(os.environ.get("OTEL_DISCORD_FAULTS") != "all", reason="played with OTEL_DISCORD_FAULTS=all")
def test_many_ends() -> None:
    outcome = play_ends(EndsPlan())
    assert outcome.verdict.wrong == [], outcome.figures
