"""Records a second that one core takes in, in requests of 512: dropped by severity, and rendered to embeds.

CPU time of the service's process, so that what a client costs does not count.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.calibration import parsed_records_per_s
from benchmarks.figures import Figure, Report, median
from benchmarks.payload import RECORDS, json_body, request_body
from benchmarks.processes import Process, Service, StandIn, cores, discord_exporter, service, stand_in, started
from benchmarks.sizes import Size
from otel_discord.discord_api.limits import EMBEDS_PER_MESSAGE
from otel_discord.signals import Severity

AIM_DROPPED: Final = 500_000.0

_QUEUE: Final = {"block_on_overflow": True, "queue_size": 8}
"""A client waits while eight requests are in hand: what is measured is the whole way, not how long a queue can grow."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is sent, how, and whether it goes on to Discord."""

    name: str
    protocol: str
    body: bytes
    content_type: str
    delivered: bool
    aim: float | None = None


def cases() -> Sequence[Case]:
    protobuf, as_json = "application/x-protobuf", "application/json"
    info, error = Severity.INFO, Severity.ERROR
    return (
        Case("ingest.dropped.grpc", "grpc", request_body(info), protobuf, delivered=False, aim=AIM_DROPPED),
        Case("ingest.dropped.http", "http", request_body(info), protobuf, delivered=False, aim=AIM_DROPPED),
        Case("ingest.dropped.http_json", "http", json_body(info), as_json, delivered=False),
        Case("ingest.rendered.grpc", "grpc", request_body(error), protobuf, delivered=True),
        Case("ingest.rendered.http", "http", request_body(error), protobuf, delivered=True),
    )


def run(size: Size) -> Report:
    """Measure each case several times; the ratio is to protobuf's parser alone."""
    repetitions = size.pick(tiny=1, full=5)
    own_core, other_core = cores()
    figures = []
    with (
        stand_in(core=other_core) as discord,
        service(
            {"discord": discord_exporter(discord.webhook_url, min_severity="WARN", sending_queue=_QUEUE)},
            core=own_core,
        ) as running,
    ):
        for case in cases():
            with _client(case, running, other_core) as client:
                pairs = [_measure(case, running, client, discord, size) for _ in range(repetitions)]
            rate = median([each for each, _ in pairs])
            ratio = median([each for _, each in pairs])
            figures.append(Figure(name=case.name, value=rate, unit="records/CPU-s", ratio=ratio, aim=case.aim))
    return Report(
        figures, ["ingest: ratio 1 would be protobuf's parser alone; rendered includes posting to FakeDiscord"]
    )


def _measure(case: Case, running: Service, client: Process, discord: StandIn, size: Size) -> tuple[float, float]:
    """Return records per second of CPU time, and that in units of the calibration."""
    before = discord.wait_until_quiet(0)
    cpu_before_s = running.process.cpu_s()
    if case.delivered:
        client.say(f"requests {size.pick(tiny=1, full=20)}")
    elif size is Size.TINY:
        client.say("requests 40")
    else:
        client.say("seconds 2")
    sent = int(client.wait_for(r"sent (\d+)")[1])
    if case.delivered:
        discord.wait_until_quiet(before + sent * RECORDS // EMBEDS_PER_MESSAGE)
    cpu_s = max(running.process.cpu_s() - cpu_before_s, 0.01)
    rate = sent * RECORDS / cpu_s
    return rate, rate / parsed_records_per_s()


@contextmanager
def _client(case: Case, running: Service, core: int) -> Iterator[Process]:
    port = running.grpc_port if case.protocol == "grpc" else running.http_port
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(case.body)
        arguments = ["--protocol", case.protocol, "--port", str(port), "--body", file.name]
        arguments += ["--content-type", case.content_type, "--warm-up", "1" if case.delivered else "50"]
        with started(["-m", "benchmarks.load_client", *arguments], core=core) as client:
            client.wait_for("^warm")
            yield client
