"""The soak, a few seconds of it."""

from pathlib import Path

import pytest

from tests.faults.small import SEED
from tests.faults.soak import soak, table
from tests.faults.stage import opened_stage


@pytest.mark.timeout(180)
async def test_the_books_add_up_after_a_few_bad_seconds(tmp_path: Path) -> None:
    async with opened_stage(tmp_path, seed=SEED, whole=False, destinations=2) as stage:
        chaos, held = await soak(stage, seconds=5, clients=2)
        assert len(held.accepted) > 20
        assert "accepted" in table(chaos, held)
