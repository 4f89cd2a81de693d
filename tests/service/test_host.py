"""Statuses go the ways that the Collector's do."""

import pytest

from otel_discord.component import Status
from otel_discord.service.host import ServiceHost, next_status


@pytest.mark.parametrize(
    ("before", "after", "goes"),
    [
        (None, Status.STARTING, True),
        (Status.STARTING, Status.OK, True),
        (Status.OK, Status.RECOVERABLE, True),
        (Status.RECOVERABLE, Status.OK, True),
        (Status.OK, Status.OK, True),
        (Status.RECOVERABLE, Status.RECOVERABLE, True),
        (Status.PERMANENT, Status.OK, False),
        (Status.PERMANENT, Status.RECOVERABLE, False),
        (Status.PERMANENT, Status.PERMANENT, False),
        (Status.PERMANENT, Status.STOPPING, True),
        (Status.FATAL, Status.OK, False),
        (Status.FATAL, Status.STOPPED, False),
        (Status.STOPPING, Status.OK, False),
        (Status.STOPPING, Status.STOPPED, True),
        (Status.STOPPED, Status.OK, False),
        (Status.STOPPED, Status.STARTING, True),
    ],
)
def test_ways(before: Status | None, after: Status, goes: bool) -> None:
    assert next_status(before, after) is goes


async def test_since_when_a_status_holds() -> None:
    now = [100.0]
    host = ServiceHost({}, lambda: now[0])
    host.report_status(Status.OK, "exporter:a")
    now[0] = 200.0
    host.report_status(Status.OK, "exporter:a")
    assert host.statuses["exporter:a"].since_unix_s == 100
    host.report_status(Status.RECOVERABLE, "exporter:a", "503")
    assert host.statuses["exporter:a"].since_unix_s == 200
    assert host.started_at_unix_s == 100
