"""Trouble with the database, row by row in small; ``python -m benchmarks fleet-faults`` for the whole of it."""

import os
from typing import Final

import pytest

from tests.extensions.db_storage.server import find_programs
from tests.fleet.faults import ROWS, Row, play_row

pytestmark = pytest.mark.skipif(find_programs() is None, reason="no PostgreSQL here")

ALWAYS: Final = frozenset({"72a", "73"})
IS_ALL: Final = os.environ.get("OTEL_DISCORD_FAULTS") == "all"


@pytest.mark.timeout(200)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_nothing_is_lost_and_all_flows_again(row: Row) -> None:
    if row.number not in ALWAYS and not IS_ALL:
        pytest.skip("played with OTEL_DISCORD_FAULTS=all")
    outcome = play_row(row, scale=1.0 if IS_ALL else 0.25)
    assert outcome.verdict.wrong == [], outcome.cells
    assert outcome.verdict.accepted > 20
    assert outcome.fresh_s < 30
    assert outcome.limited == 0
