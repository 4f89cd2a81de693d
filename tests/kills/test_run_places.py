"""``kill -9`` between any two steps by which a run is made, ended, cleaned up after or found again."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kills.run_lives import Cradle, cradle
from tests.kills.run_places import Play, Served, served
from tests.kills.run_scenes import SCENES, Case, cases, one_for_each_place, places

CASES = cases() if os.environ.get("OTEL_DISCORD_FAULTS") == "all" else one_for_each_place()[::2]


@pytest.fixture(scope="module")
def forks() -> Iterator[Cradle]:
    with cradle() as forks:
        yield forks


@pytest.fixture(scope="module")
def discord() -> Iterator[Served]:
    with served() as discord:
        yield discord


def test_every_place_has_a_scene() -> None:
    assert {place.partition(":")[0] for scene in SCENES for place in scene.places} == places()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_kill_at(case: Case, tmp_path: Path, forks: Cradle, discord: Served) -> None:
    Play(case, discord, forks, tmp_path).play()
