"""A kill at every place by which an alert comes on its way from a rule to Discord."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kills.alert_places import ALERT_PLACES, play_alert_at
from tests.kills.launch import Nursery, nursery
from tests.kills.places import places
from tests.kills.served import served

QUICK = ("state.before_commit:2", "state.after_commit:2")
"""Played by `make test`: what a rule has decided is on disk, or it is not."""


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with nursery(tmp_path_factory.mktemp("nursery")) as forks:
        yield forks


def test_the_places_are_there() -> None:
    assert {place.partition(":")[0] for place in ALERT_PLACES} <= places()
    assert set(QUICK) <= set(ALERT_PLACES)


@pytest.mark.parametrize("place", ALERT_PLACES)
def test_a_kill_at(place: str, tmp_path: Path, forks: Nursery) -> None:
    if place not in QUICK and os.environ.get("OTEL_DISCORD_FAULTS") != "all":
        pytest.skip("one of many places, two seconds each: played with OTEL_DISCORD_FAULTS=all")
    with served() as fake:
        play_alert_at(place, tmp_path, fake, forks.launch)
