"""A kill at every place by which records come when their problems are folded."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.processes import StandIn, stand_in
from tests.kills.fold_places import FOLD_IN_DOUBT, FOLD_PLACES, play_at
from tests.kills.launch import Nursery, nursery
from tests.kills.places import places


@pytest.fixture(scope="module")
def fake() -> Iterator[StandIn]:
    with stand_in("--profile", "unlimited", "--webhooks", str(len(FOLD_PLACES))) as fake:
        yield fake


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with nursery(tmp_path_factory.mktemp("nursery")) as forks:
        yield forks


def test_the_places_are_there() -> None:
    assert set(FOLD_PLACES) <= places()
    assert set(FOLD_PLACES) > FOLD_IN_DOUBT


@pytest.mark.parametrize(("number", "place"), list(enumerate(FOLD_PLACES)))
def test_a_kill_at(number: int, place: str, tmp_path: Path, fake: StandIn, forks: Nursery) -> None:
    if number % 6 and os.environ.get("OTEL_DISCORD_FAULTS") != "all":
        pytest.skip("five of six places: all are played with OTEL_DISCORD_FAULTS=all")
    play_at(place, tmp_path, fake, forks.launch, fake.urls[number])
