"""The fleet's benchmarks run and keep what they promise; ``python -m benchmarks fleet-storm fleet-growth``."""

import os

import pytest

from benchmarks.fleet import growth, storm
from benchmarks.sizes import Size
from tests.extensions.db_storage.server import find_programs

pytestmark = [
    pytest.mark.skipif(find_programs() is None, reason="no PostgreSQL here"),
    pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are put on cores, which only Linux can"),
]


@pytest.mark.timeout(120)
def test_a_storm_over_three_replicas_is_told_once() -> None:
    figures = {each.name: each.value for each in storm.run(Size.TINY).figures}
    assert figures["fleet.storm.cards"] >= 30
    assert figures["fleet.storm.429"] == 0


@pytest.mark.timeout(120)
@pytest.mark.skipif(os.environ.get("OTEL_DISCORD_FAULTS") != "all", reason="played with OTEL_DISCORD_FAULTS=all")
def test_what_replicas_cost_is_measured() -> None:
    figures = {each.name: each.value for each in growth.run(Size.TINY).figures}
    assert all(figures[f"fleet.growth.{count}.cpu"] > 0 for count in growth.REPLICAS)
