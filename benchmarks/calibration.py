"""How quick this machine is right now: two fixed pieces of work that the figures are divided by.

Measured beside every repetition, since the speed of a shared machine changes while a benchmark runs. In CPU time, so
that other processes count only by what they take of caches and of the other half of a core.
"""

import time
from collections.abc import Callable
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from benchmarks.figures import median
from benchmarks.payload import RECORDS, request_body

_ROUNDS: Final = 5
_LOOPS: Final = 20_000


def parsed_records_per_s() -> float:
    """Return how many records a second protobuf alone parses on one core: the bound of any receiver in Python."""
    body = request_body()

    def parse() -> None:
        for _ in range(20):
            ExportLogsServiceRequest.FromString(body)

    return 20 * RECORDS / _cpu_s(parse)


def python_ms() -> float:
    """Return how long a fixed loop of plain Python (dicts, strings, calls) takes, in milliseconds."""

    def loop() -> None:
        counts: dict[str, int] = {}
        for number in range(_LOOPS):
            key = f"k{number % 97}"
            counts[key] = counts.get(key, 0) + len(key)

    return _cpu_s(loop) * 1000


def _cpu_s(work: Callable[[], None]) -> float:
    taken = []
    for _ in range(_ROUNDS):
        started_s = time.process_time()
        work()
        taken.append(time.process_time() - started_s)
    return median(taken)
