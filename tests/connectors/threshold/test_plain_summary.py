"""What is said of an alert whose rule has no words of its own."""

from dataclasses import replace

import pytest

from otel_discord.connectors.threshold.annotations import Facts, plain_summary

QUEUE = Facts(
    name="QueueTooDeep",
    state="firing",
    severity="warning",
    metric="queue.depth",
    unit="{job}",
    labels={"service.name": "worker"},
    value="1,240",
    number=1240.0,
    peak="1,410",
    threshold="> 1000",
    duration="3 m",
)
SHARE = replace(QUEUE, name="Full", unit="1", value="86 %", number=0.86, labels={"host.name": "db-1"})


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (QUEUE, "QueueTooDeep: queue.depth is 1,240 (> 1000), worker"),
        (replace(QUEUE, state="resolved"), "QueueTooDeep: over after 3 m, queue.depth is 1,240, worker"),
        (
            replace(SHARE, metric="system.memory.utilization", threshold="> 0.8"),
            "Full: system.memory.utilization is 86 % (> 80 %), db-1",
        ),
        (
            replace(SHARE, metric="used", threshold=">= 80%"),
            "Full: used is 86 % (>= 80%), db-1",
        ),
        (
            replace(SHARE, name="Errors", metric="requests / requests", threshold="> 1 %"),
            "Errors: 86 % of requests (> 1 %), db-1",
        ),
        (
            replace(SHARE, name="Errors", metric="errors / requests", threshold="> 1 %"),
            "Errors: errors / requests is 86 % (> 1 %), db-1",
        ),
    ],
)
def test_plain_summary(facts: Facts, said: str) -> None:
    assert plain_summary(facts) == said
