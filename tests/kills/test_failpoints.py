"""A kill at every place that the code names, each in a scene that comes by."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.processes import StandIn, stand_in
from tests.kills.launch import Nursery, nursery
from tests.kills.perform import perform
from tests.kills.places import places, work_names
from tests.kills.scenes import CASES, Scene

_WEBHOOKS = 2 * len(CASES)


@pytest.fixture(scope="module")
def fake() -> Iterator[StandIn]:
    with stand_in("--profile", "unlimited", "--webhooks", str(_WEBHOOKS)) as fake:
        yield fake


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with nursery(tmp_path_factory.mktemp("nursery")) as forks:
        yield forks


def test_every_place_has_a_scene() -> None:
    covered = {place.partition(":")[0] for _, place in CASES}
    assert covered == places()
    assert {"put", "route", "settle", "bury", "move", "migrate"} <= work_names()


@pytest.mark.parametrize(
    ("number", "scene", "place"),
    [pytest.param(n, scene, place, id=f"{scene.name}-{place}") for n, (scene, place) in enumerate(CASES)],
)
def test_a_kill_at(number: int, scene: Scene, place: str, tmp_path: Path, fake: StandIn, forks: Nursery) -> None:
    if number % 8 and os.environ.get("OTEL_DISCORD_FAULTS") != "all":
        pytest.skip("seven of eight places: all are played with OTEL_DISCORD_FAULTS=all")
    perform(scene, place, tmp_path, fake, forks.launch, fake.urls[2 * number : 2 * number + 2])
