"""The threshold connector alone in a process: every series sends a point each interval, rules are asked each second.

Prints one line of JSON.
"""

import argparse
import asyncio
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opentelemetry.metrics import NoOpMeter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.trace import NoOpTracer

from benchmarks.figures import quantile
from benchmarks.threshold_load import requests, rules, stamp
from otel_discord.component import ComponentId, Outlets, Settings
from otel_discord.connectors.threshold.config import ThresholdConfig
from otel_discord.connectors.threshold.connector import ThresholdConnector
from otel_discord.connectors.threshold.own_numbers import OwnNumbers
from otel_discord.service.garbage import begin_collecting, collection_postponed
from otel_discord.signals import MetricsBatch, Signal
from otel_discord.testing.host import NopHost
from otel_discord.testing.sinks import Sink


def main() -> None:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, required=True)
    parser.add_argument("--interval", type=float, required=True, help="seconds between the points of a series")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--evaluation-interval", default="1s")
    parser.add_argument("--silence", action="store_true", help="rules also wait for every group that they know")
    parser.add_argument("--unmatched", action="store_true", help="no rule wants what is sent")
    options = parser.parse_args()
    with collection_postponed():  # as the service does it
        print(json.dumps(asyncio.run(_measure(options))), flush=True)


async def _measure(options: argparse.Namespace) -> dict[str, float]:
    config = ThresholdConfig.model_validate(
        {"rules": rules(silence=options.silence), "evaluation_interval": options.evaluation_interval}
    )
    settings = Settings(
        ComponentId("threshold"), NoOpMeter("bench"), NoOpTracer(), logging.getLogger("bench"), version="bench"
    )
    sink, host = Sink(), NopHost()
    connector = ThresholdConnector(settings, config, Outlets({Signal.LOGS: sink}))
    made = requests(options.series, prefix="other" if options.unmatched else "bench.metric")
    start_ns = time.time_ns()
    begin_collecting()
    before_bytes = _rss_bytes()
    spent = _Spent()
    with _lags() as lags:
        async with connector.lifespan(host), _probe() as stalls:
            for round_number in range(options.rounds):
                begun_s = time.monotonic()
                for place, request in enumerate(made):
                    due_s = begun_s + options.interval * place / len(made)
                    await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                    stamp(request, round_number, start_ns, time.time_ns())
                    body = request.SerializeToString()
                    cpu_s = time.process_time()
                    batch = MetricsBatch(ExportMetricsServiceRequest.FromString(body))
                    parsed_s = time.process_time()
                    await _consume(connector, batch, spent)
                    spent.parsing_s += parsed_s - cpu_s
                    spent.points += batch.item_count if round_number else 0
                    if not round_number:
                        spent.parsing_s = spent.taking_s = 0.0
                await asyncio.sleep(max(0.0, begun_s + options.interval - time.monotonic()))
                if round_number == 0:
                    lags.clear()
                    stalls.clear()
            after_bytes = _rss_bytes()
    points = max(1, spent.points)
    return {
        "taking_us": spent.taking_s / points * 1e6,
        "parsing_us": spent.parsing_s / points * 1e6,
        "bytes_per_series": (after_bytes - before_bytes) / options.series,
        "lag_p50_ms": quantile(lags, 0.5) * 1e3,
        "lag_p99_ms": quantile(lags, 0.99) * 1e3,
        "lag_max_ms": max(lags) * 1e3,
        "stall_p99_ms": quantile(stalls, 0.99) * 1e3,
        "stall_max_ms": max(stalls) * 1e3,
        "evaluations": len(lags),
        "alerts": sum(batch.item_count for batch in sink.batches),
    }


class _Spent:
    points = 0
    parsing_s = 0.0
    taking_s = 0.0


async def _consume(connector: ThresholdConnector, batch: MetricsBatch, spent: _Spent) -> None:
    """Let it take a batch; what others do while it pauses is not counted."""
    waiting: Any = connector.consume(batch).__await__()
    while True:
        cpu_s = time.process_time()
        try:
            waited_for = next(waiting)
        except StopIteration:
            return
        finally:
            spent.taking_s += time.process_time() - cpu_s
        assert waited_for is None
        await asyncio.sleep(0)


@contextmanager
def _lags() -> Iterator[list[float]]:
    """Collect how late each evaluation ended."""
    found: list[float] = []
    original = OwnNumbers.evaluated

    def evaluated(self: OwnNumbers, lag_s: float) -> None:
        found.append(lag_s)
        original(self, lag_s)

    OwnNumbers.evaluated = evaluated  # type: ignore[method-assign]
    try:
        yield found
    finally:
        OwnNumbers.evaluated = original  # type: ignore[method-assign]


class _probe:  # noqa: N801 - a context manager
    """Looks every 5 ms how long the loop was busy with one thing."""

    def __init__(self) -> None:
        self.found: list[float] = []

    async def __aenter__(self) -> list[float]:
        self._task = asyncio.create_task(self._look())
        return self.found

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before_s = loop.time()
            await asyncio.sleep(0.005)
            self.found.append(max(0.0, loop.time() - before_s - 0.005))


def _rss_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


if __name__ == "__main__":
    main()
