"""What a data point costs the threshold connector as series grow, and how late its rules are asked: 20 rules.

The connector is alone in its process, so that a receiver does not hide what it costs; the whole way, over gRPC into
the service, is measured beside it.
"""

import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from benchmarks.calibration import python_ms
from benchmarks.figures import Figure, Report
from benchmarks.processes import Process, cores, started
from benchmarks.sizes import Size
from benchmarks.threshold_load import requests, rules, stamp

AIM_LAG_MS: Final = 1000.0
_METHOD: Final = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
_READY: Final = r"Everything is ready\..*grpc on \S+?:(\d+)"


def run(size: Size) -> Report:
    """Return cost per point, memory per series and lag for each number of series; the ratio is per calibration loop."""
    own_core, _ = cores()
    full = size is Size.FULL
    counts = (1_000, 10_000, 100_000) if full else (100,)
    interval_s = 10.0 if full else 0.1
    figures: list[Figure] = []
    for count in counts:
        found = _child(own_core, count, interval_s=interval_s, rounds=4 if full else 2)
        figures += _figures(f"threshold.{count}", found, python_ms())
    largest = counts[-1]
    rounds = 3 if full else 2
    silence = _child(own_core, largest, "--silence", interval_s=interval_s, rounds=rounds)
    figures += _figures(f"threshold.{largest}.no_data", silence, python_ms())
    if full:
        unmatched = _child(own_core, largest, "--unmatched", interval_s=interval_s, rounds=rounds)
        figures.append(_cost(f"threshold.{largest}.unmatched.point", unmatched["taking_us"], python_ms()))
        for name, with_rules in (("receiver", False), ("whole", True)):
            figures.append(_cost(f"threshold.{name}.point", _service(own_core, with_rules=with_rules), python_ms()))
    sends = f"every series sends each {interval_s:g} s"
    return Report(figures, [f"threshold: {sends}; no_data: each group is waited for; busy: the loop with one thing"])


def _figures(name: str, found: Mapping[str, float], loop_ms: float) -> list[Figure]:
    return [
        _cost(f"{name}.point", found["taking_us"], loop_ms),
        Figure(
            name=f"{name}.memory",
            value=found["bytes_per_series"],
            unit="bytes/series",
            ratio=found["bytes_per_series"],
            better="lower",
        ),
        Figure(name=f"{name}.lag.p50", value=found["lag_p50_ms"], unit="ms", better="lower"),
        Figure(name=f"{name}.lag.p99", value=found["lag_p99_ms"], unit="ms", better="lower", aim=AIM_LAG_MS),
        Figure(name=f"{name}.busy.p99", value=found["stall_p99_ms"], unit="ms", better="lower"),
        Figure(name=f"{name}.busy.max", value=found["stall_max_ms"], unit="ms", better="lower"),
    ]


def _cost(name: str, taking_us: float, loop_ms: float) -> Figure:
    return Figure(name=name, value=taking_us, unit="µs CPU", ratio=taking_us / loop_ms, better="lower")


def _child(core: int | None, series: int, *more: str, interval_s: float, rounds: int) -> Mapping[str, float]:
    arguments = ["-m", "benchmarks.threshold_child", "--series", str(series), "--interval", str(interval_s)]
    arguments += ["--evaluation-interval", "1s" if interval_s > 1 else "10ms"]
    with started([*arguments, "--rounds", str(rounds), *more], core=core) as process:
        return _read(process)


def _read(process: Process) -> Mapping[str, float]:
    found: Mapping[str, float] = json.loads(process.wait_for(r"^\{.*\}", timeout_s=300.0)[0])
    return found


def _service(core: int | None, *, with_rules: bool) -> float:
    """Return µs of CPU for a point from the wire to the rules, or to nobody; evaluations included."""
    exporters = ["threshold"] if with_rules else ["nop"]
    configuration = {
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "127.0.0.1:0"}}}},
        "connectors": {"threshold": {"rules": rules()}} if with_rules else {},
        "exporters": {"nop": {}},
        "service": {
            "telemetry": {"metrics": {"readers": [{"pull": {"exporter": {"prometheus": {"port": 0}}}}]}},
            "pipelines": {
                "metrics": {"receivers": ["otlp"], "exporters": exporters},
                **({"logs": {"receivers": ["threshold"], "exporters": ["nop"]}} if with_rules else {}),
            },
        },
    }
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "config.yaml"
        path.write_text(json.dumps(configuration))  # JSON is YAML
        with started(["-m", "otel_discord", "--config", str(path)], core=core, cwd=directory) as process:
            port = int(process.wait_for(_READY)[1])
            return _send(port, process)


def _send(port: int, process: Process) -> float:
    made, start_ns = requests(10_000), time.time_ns()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call: Callable[..., object] = channel.unary_unary(_METHOD, request_serializer=None, response_deserializer=None)
        _round(call, made, 0, start_ns)
        before_s = process.cpu_s()
        rounds = 10
        for number in range(1, rounds + 1):
            _round(call, made, number, start_ns)
        return (process.cpu_s() - before_s) / (rounds * 10_000) * 1e6


def _round(
    call: Callable[..., object], made: Sequence[ExportMetricsServiceRequest], number: int, start_ns: int
) -> None:
    for request in made:
        stamp(request, number, start_ns, time.time_ns())
        call(request.SerializeToString(), timeout=30.0)
