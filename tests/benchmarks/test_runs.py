"""Each benchmark runs in a tiny size and prints its lines. What they measure is no test: speeds are not asserted."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES

ROOT = Path(__file__).parents[2]
LONG = frozenset({"application", "durable", "ingest", "storm", "utilisation"})
EXPECTED = {
    "ingest": ["ingest.dropped.grpc", "ingest.dropped.http", "ingest.dropped.http_json", "ingest.rendered.grpc"],
    "durable": ["durable.share_requests_of_512", "durable.answer_disk.p99", "durable.drained"],
    "latency": ["latency.window_50ms.p50", "latency.window_50ms.p99", "latency.window_0ms.p99"],
    "utilisation": ["utilisation.virtual.gcra.0ms", "utilisation.real.log.300ms", "utilisation.real.429"],
    "startup": ["startup.version", "startup.ready"],
    "memory": ["memory.idle", "memory.backlog", "memory.per_record"],
    "storm": ["storm.accepted", "storm.messages", "storm.first_sight", "storm.memory_growth"],
    "application": [
        "application.sdk.different.4_threads.others",
        "application.steady.discordhandler.there.p99",
        "application.import.added",
    ],
    "threshold": [
        "threshold.100.point",
        "threshold.100.memory",
        "threshold.100.lag.p99",
        "threshold.100.no_data.point",
    ],
    "charts": ["charts.plan", "charts.draw", "charts.first", "charts.memory"],
    "rendering": ["rendering.cards.compact", "rendering.cards.own", "packing.messages", "limiter.requests"],
}


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are put on cores, which only Linux can")
@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_runs_and_prints_its_lines(name: str, tmp_path: Path) -> None:
    if name in LONG and os.environ.get("OTEL_DISCORD_BENCHMARKS") != "all":
        pytest.skip("takes long: run by `make bench`, or in its tiny size with OTEL_DISCORD_BENCHMARKS=all")
    latest = tmp_path / "latest.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--size", "tiny", "--latest", str(latest)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(latest.read_text())["figures"]
    lines = done.stdout.splitlines()
    for figure in EXPECTED[name]:
        assert any(line.startswith(f"{figure} ") for line in lines), done.stdout
        assert math.isfinite(figures[figure]["value"])
        assert figures[figure]["value"] > 0 or figure.endswith(".429")


def test_every_benchmark_is_expected_to_print_something() -> None:
    assert set(EXPECTED) == set(NAMES)
