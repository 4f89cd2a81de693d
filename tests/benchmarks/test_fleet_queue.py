"""The benchmark of the stored queue runs, with the servers that there are; its numbers are not looked at."""

import pytest

from benchmarks.fleet import queue
from benchmarks.sizes import Size


@pytest.mark.timeout(60)
def test_it_runs() -> None:
    report = queue.run(Size.TINY)
    assert {figure.name for figure in report.figures} >= {f"fleet_queue.sqlite.{what}" for what in queue.UNITS}
    assert all(figure.value > 0 for figure in report.figures if figure.name.endswith(("put", "both", "sent")))
