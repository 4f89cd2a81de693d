"""Taking in, beside the OpenTelemetry Collector: an otlp receiver whose records go nowhere, in requests of 512.

The Collector takes part where ``OTELCOL`` names its binary.
"""

import json
import os
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.payload import RECORDS, request_body
from benchmarks.peers.tables import markdown
from benchmarks.peers.versions import program_version
from benchmarks.processes import Process, cores, service, started
from benchmarks.sizes import Size
from otel_discord.signals import Severity

OTELCOL: Final = "OTELCOL"
HEADINGS: Final = ("receiver", "protocol", "records a second", "CPU a record, µs", "cores busy")

_WARM_UP: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What was taken in, in how much time on the clock and of the processor."""

    records: int
    wall_s: float
    cpu_s: float

    @property
    def cells(self) -> tuple[str, str, str]:
        """Numbers of a line."""
        cores_busy = f"{self.cpu_s / self.wall_s:.2f}"
        return f"{self.records / self.wall_s:,.0f}", f"{self.cpu_s / self.records * 1e6:.2f}", cores_busy


def ingest_text(size: Size, environment: Mapping[str, str] = os.environ) -> str:
    """Measure, and return a title and the table."""
    own_core, other_core = cores()
    rows: list[Sequence[str]] = []
    with service({"nop": {}}, core=own_core) as running:
        ports = {"grpc": running.grpc_port, "http": running.http_port}
        rows += _rows("**ours**", running.process, ports, other_core, size)
    program = environment.get(OTELCOL, "")
    if not program:
        rows += [("OpenTelemetry Collector", "", f"not run here: {OTELCOL} names no binary", "", "")]
    else:
        try:
            with collector(program, own_core) as (process, ports):
                title = f"OpenTelemetry Collector {program_version(program)}"
                rows += _rows(title, process, ports, other_core, size)
        except (OSError, RuntimeError) as error:
            reason = (str(error).strip().splitlines() or ["without a word"])[-1][:120].replace(program, "the binary")
            rows += [("OpenTelemetry Collector", "", f"not run: {reason}", "", "")]
    title = f"**Taking in: an `otlp` receiver and a `nop` exporter on one core, requests of {RECORDS} records.**"
    remark = "Where the core is not busy, the client on the other one, which is Python too, was not quicker."
    return f"{title}\n\n{markdown(HEADINGS, rows)}\n\n{remark}\n"


@contextmanager
def collector(program: str, core: int | None) -> Iterator[tuple[Process, dict[str, int]]]:
    """Run a Collector whose records go nowhere; give it with its ports by protocol.

    Raises:
        OSError: there is no such program.
        RuntimeError: it did not start; with what it said.
    """
    ports = dict(zip(("grpc", "http"), _free_ports(2), strict=True))
    endpoints = {protocol: {"endpoint": f"127.0.0.1:{port}"} for protocol, port in ports.items()}
    configuration = {
        "receivers": {"otlp": {"protocols": endpoints}},
        "exporters": {"nop": {}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"logs": {"receivers": ["otlp"], "exporters": ["nop"]}},
        },
    }
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "config.yaml"
        path.write_text(json.dumps(configuration))  # JSON is YAML
        with started(["--config", str(path)], core=core, python=program) as process:
            process.wait_for("Everything is ready", timeout_s=20)
            yield process, ports


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def _rows(title: str, process: Process, ports: Mapping[str, int], core: int, size: Size) -> list[Sequence[str]]:
    return [
        (title, "gRPC" if protocol == "grpc" else "HTTP", *_taken_in(process, protocol, port, core, size).cells)
        for protocol, port in ports.items()
    ]


def _taken_in(process: Process, protocol: str, port: int, core: int, size: Size) -> Intake:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(request_body(Severity.ERROR))
        arguments = ["--protocol", protocol, "--port", str(port), "--body", file.name, "--warm-up", str(_WARM_UP)]
        with started(["-m", "benchmarks.load_client", *arguments], core=core, cwd=_ROOT) as client:
            client.wait_for("^warm")
            cpu_before_s, begun_s = process.cpu_s(), time.monotonic()
            client.say("requests 40" if size is Size.TINY else "seconds 3")
            sent = int(client.wait_for(r"sent (\d+)")[1])
            wall_s, cpu_s = time.monotonic() - begun_s, process.cpu_s() - cpu_before_s
    return Intake(records=sent * RECORDS, wall_s=wall_s, cpu_s=max(cpu_s, 0.01))


_ROOT: Final = str(Path(__file__).parents[2])
