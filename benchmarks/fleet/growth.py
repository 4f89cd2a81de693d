"""What one, two and three replicas take for the same load on this machine: CPU and statements must not grow with them.

The load comes at a fixed rate, far below what one replica can do, and goes to the replicas by chance.
"""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from benchmarks.figures import Figure, Report
from benchmarks.fleet.meter import Reading, of_server
from benchmarks.sizes import Size
from benchmarks.storm_client import TEMPLATES, message
from otel_discord.signals import Severity
from otel_discord.testing.otlp import any_value, key_values
from tests.extensions.db_storage.server import find_programs
from tests.fleet.senders import Door, routes_to
from tests.fleet.town import QUICK, Plan, Town, town
from tests.sending.answers import Answer

AIM_GROWTH: Final = 0.2
REPLICAS: Final = (1, 2, 3)
_DESTINATIONS: Final = tuple(f"d{number:02}" for number in range(16))
_REQUEST_RECORDS: Final = 100
_REQUESTS_PER_S: Final = 24
_THREADS: Final = 4
_WARM_S: Final = 4.0
_QUIET_S: Final = 4.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What so many replicas took."""

    replicas: int
    records: int
    cpu_s: float
    server_cpu_s: float
    statements: int
    """0 where the server cannot count them."""
    commits: int
    idle_statements_per_s: float
    idle_cpu: float
    """Cores that all replicas together take while nothing comes."""


def run(size: Size) -> Report:
    """Measure one, two and three."""
    load_s = float(size.pick(tiny=2, full=25))
    costs = [_measured(count, load_s) for count in REPLICAS]
    figures = [figure for each in costs for figure in _figures(each)]
    for name, values in (
        ("cpu", [each.cpu_s / each.records for each in costs]),
        ("commits", [each.commits / each.records for each in costs]),
        ("statements", [each.statements / each.records for each in costs]),
    ):
        if all(values):
            growth, aim = max(values) / min(values) - 1, None if name == "commits" else AIM_GROWTH
            figures.append(Figure(name=f"fleet.growth.{name}", value=growth, unit="more", better="lower", aim=aim))
    records_per_s = _REQUESTS_PER_S * _REQUEST_RECORDS
    load = (
        f"{records_per_s:,} records/s of {TEMPLATES} problems to {len(_DESTINATIONS)} destinations, {load_s:g} s each"
    )
    return Report(figures, [f"fleet-growth: {load}; sums over all replicas"])


def _figures(cost: Cost) -> Iterator[Figure]:
    per = 1e5 / cost.records
    name = f"fleet.growth.{cost.replicas}"
    yield Figure(name=f"{name}.cpu", value=cost.cpu_s * per, unit="s per 100,000 records", better="lower")
    yield Figure(name=f"{name}.server_cpu", value=cost.server_cpu_s * per, unit="s per 100,000", better="lower")
    if cost.statements:
        yield Figure(name=f"{name}.statements", value=cost.statements / cost.records, unit="per record", better="lower")
    yield Figure(name=f"{name}.commits", value=cost.commits / cost.records, unit="per record", better="lower")
    yield Figure(name=f"{name}.idle_statements", value=cost.idle_statements_per_s, unit="per s", better="lower")
    yield Figure(name=f"{name}.idle_cpu", value=cost.idle_cpu, unit="cores", better="lower")


def _measured(replicas: int, load_s: float) -> Cost:
    plan = Plan(
        replicas=replicas,
        destinations=_DESTINATIONS,
        routes=routes_to([(name,) for name in _DESTINATIONS]),
        profile="unlimited",
        exporter=QUICK,
        has_ways=False,
        lease="10s",
        server=_counting(),
    )
    with town(plan) as there:
        if plan.server:
            with psycopg.connect(there.server.url, autocommit=True) as connection:
                connection.execute("CREATE EXTENSION pg_stat_statements SCHEMA public")
        there.start()
        time.sleep(3.0)  # seats are taken
        before = _Reading.of(there)
        time.sleep(_QUIET_S)
        idle = _Reading.of(there).since(before)
        bodies = [_body(random.Random(number)) for number in range(60)]
        _send(there, bodies, _WARM_S)
        before = _Reading.of(there)
        requests = _send(there, bodies, load_s)
        time.sleep(_QUIET_S)
        took = _Reading.of(there).since(before)
        limited = there.count_429()
        if limited:
            raise RuntimeError(f"429: {limited}")
    return Cost(
        replicas,
        requests * _REQUEST_RECORDS,
        took.cpu_s,
        took.server.server_cpu_s,
        took.server.statements,
        took.server.transactions,
        (idle.server.statements or idle.server.transactions) / (_QUIET_S + 1.1),
        idle.cpu_s / (_QUIET_S + 1.1),
    )


def _counting() -> dict[str, str]:
    """Return settings with which the server counts statements, where it can."""
    programs = find_programs()
    found = programs and any(Path(programs).parent.glob("lib/**/pg_stat_statements.so"))
    return {"shared_preload_libraries": "pg_stat_statements"} if found else {}


@dataclass(frozen=True, slots=True)
class _Reading:
    cpu_s: float
    server: Reading

    @classmethod
    def of(cls, there: Town) -> "_Reading":
        time.sleep(1.1)  # backends report their counts once a second
        return cls(sum(each.cpu_s for each in there.replicas), of_server(there.server)())

    def since(self, before: "_Reading") -> "_Reading":
        return _Reading(self.cpu_s - before.cpu_s, self.server.since(before.server))


def _body(dice: random.Random) -> bytes:
    request = ExportLogsServiceRequest()
    resource_logs = request.resource_logs.add()
    resource_logs.resource.attributes.extend(key_values({"service.name": "shop", "service.version": "2.1.0"}))
    scope_logs = resource_logs.scope_logs.add()
    for _ in range(_REQUEST_RECORDS):
        template = dice.randrange(TEMPLATES)
        record = scope_logs.log_records.add(time_unix_nano=time.time_ns())
        record.severity_number = Severity.ERROR  # type: ignore[assignment]  # the enum is open
        record.body.CopyFrom(any_value(message(template, dice)))
        record.attributes.extend(key_values({"to": _DESTINATIONS[template % len(_DESTINATIONS)]}))
    return request.SerializeToString()


def _send(there: Town, bodies: Sequence[bytes], seconds: float) -> int:
    """Send requests at the fixed rate; return how many were sent."""
    count = int(seconds * _REQUESTS_PER_S)
    began_s = time.monotonic()
    failures: list[str] = []

    def run(place: int) -> None:
        dice = random.Random(place)
        doors = [Door(each.ports["http"], 30.0) for each in there.replicas]
        for number in range(place, count, _THREADS):
            time.sleep(max(0.0, began_s + number / _REQUESTS_PER_S - time.monotonic()))
            answer, words = dice.choice(doors).post(bodies[number % len(bodies)])
            if answer is not Answer.OK:
                failures.append(f"{answer} {words}")
        for door in doors:
            door.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"{len(failures)} requests were not taken: {failures[0]}")
    return count
