"""Reloads of a process, under load over both protocols: nothing lost, nothing doubled, no connection refused."""

import http.client
import json
import signal
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from tests.end_to_end.processes import (
    COMMAND,
    Running,
    StandIn,
    eventually,
    post_logs,
    service_configuration,
    stand_in,
    started,
)

LISTENING = r"Everything is ready.*otlp grpc on \S+?:(\d+).*otlp http on \S+?:(\d+)"
QUICK = {
    "rate_limit": {"requests_per_second": 10_000, "channel_messages_per_minute": 0},
    "sending_queue": {"queue_size": 100_000},
}


class Load:
    """Sends records with running numbers in two threads, one a protocol, each request on what connection there is."""

    def __init__(self, grpc_port: int, http_port: int) -> None:
        self.accepted: list[str] = []
        self.refused: list[str] = []
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=("http", self._by_http(http_port))),
            threading.Thread(target=self._send, args=("grpc", self._by_grpc(grpc_port))),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=30)

    def _send(self, name: str, send: Iterator[str]) -> None:
        next(send)
        number = 0
        while not self._over.is_set():
            number += 1
            record = f"{name} record {number}"
            refusal = send.send(record)  # type: ignore[attr-defined]
            (self.refused if refusal else self.accepted).append(record if not refusal else f"{record}: {refusal}")
            time.sleep(0.01)
        send.close()  # type: ignore[attr-defined]

    @staticmethod
    def _by_http(port: int) -> Iterator[str]:
        refusal, number = "", 0
        while True:
            record = yield refusal
            number += 1
            body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [
                {"severityNumber": 17, "body": {"stringValue": record}}]}]}]}  # fmt: skip
            refusal = ""
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)  # a new one each time: the port
            try:
                connection.request("POST", "/v1/logs", json.dumps(body), {"content-type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                refusal = "" if answer.status == 200 else str(answer.status)
            except OSError as error:
                refusal = repr(error)
            finally:
                connection.close()

    @staticmethod
    def _by_grpc(port: int) -> Iterator[str]:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub, refusal = LogsServiceStub(channel), ""
            while True:
                record = yield refusal
                records = [LogRecord(severity_number=17, body=AnyValue(string_value=record))]
                request = ExportLogsServiceRequest(
                    resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=records)])]
                )
                refusal = ""
                try:
                    stub.Export(request, timeout=10)
                except grpc.RpcError as error:
                    refusal = str(error.code())  # type: ignore[attr-defined]


def change(path: Path, **discord: Any) -> None:
    """Write the file anew, with other keys of the exporter."""
    configuration = json.loads(path.read_text())
    configuration["exporters"]["discord"].update(discord)
    path.with_suffix(".new").write_text(json.dumps(configuration))
    path.with_suffix(".new").rename(path)


def reload(service: Running, *, until: str = "reloaded in|nothing has changed") -> str:
    """Send SIGHUP and return the line that ends it."""
    before = len(service.said)
    service.process.send_signal(signal.SIGHUP)
    ends_at = time.monotonic() + 20
    while time.monotonic() < ends_at:
        for line in service.said[before:]:
            if any(part in line for part in until.split("|")):
                return line
        time.sleep(0.01)
    raise AssertionError("".join(service.said))


@contextmanager
def serving(path: Path, *arguments: str) -> Iterator[tuple[Running, int, int]]:
    with started([*COMMAND, "--config", str(path), *arguments]) as service:
        found = service.read_until(LISTENING)
        yield service, int(found[1]), int(found[2])


def assert_each_once(fake: StandIn, accepted: list[str]) -> None:
    eventually(lambda: len(fake.titles()) >= len(accepted))
    titles = Counter(title.removeprefix("🔴 ") for title in fake.titles())
    assert titles == Counter(accepted)


def test_good_reloads_and_a_storm_under_load(tmp_path: Path) -> None:
    with stand_in("--profile", "unlimited", "--latency-ms", "30") as fake:
        path = service_configuration(tmp_path, fake, **QUICK)
        with serving(path) as (service, grpc_port, http_port), Load(grpc_port, http_port) as load:
            for number in range(10):
                change(path, username=f"Telemetry {number}", max_age="0s")
                assert "exporter:discord changed" in reload(service)
            time.sleep(1.1)  # so that the storm begins with a reload at once
            before = sum("reloaded in" in line for line in service.said)
            for number in range(100):
                change(path, username=f"Storm {number}")
                service.process.send_signal(signal.SIGHUP)
                time.sleep(0.01)
            time.sleep(1)
            assert sum("reloaded in" in line for line in service.said) - before <= 3  # 2 where the machine is idle
            load.__exit__()
            assert load.refused == []
            assert len(load.accepted) > 100
            assert_each_once(fake, load.accepted)
            assert fake.ask("violations") == []
            assert fake.ask("messages")[-1]["author"]["username"] == "Storm 99"
            assert service.end() == 0
        assert fake.urls[0].rsplit("/", 1)[1] not in "".join(service.said)


def test_bad_configurations_leave_all_as_it_was(tmp_path: Path) -> None:
    metrics = "service.telemetry.metrics.readers=[{pull: {exporter: {prometheus: {host: localhost, port: 0}}}}]"
    level = "service.telemetry.metrics.level=normal"
    with stand_in("--profile", "unlimited") as fake:
        path = service_configuration(tmp_path, fake, **QUICK)
        good = path.read_text()
        bad = {
            "receivers: {otlp: {]": ["invalid YAML"],
            good.replace('"webhook_url"', '"webhook_uri"'): ["exporters::discord", 'did you mean "webhook_url"'],
            good.replace('"exporters": ["discord"]', '"exporters": ["${env:NO_SUCH_NAME}"]'): ["NO_SUCH_NAME"],
        }
        with serving(path, "--set", metrics, "--set", level) as (service, _, http_port):
            page = service.read_until(r"metrics prometheus on (\S+:\d+)")[1]
            bodies = []
            for number, (text, expected) in enumerate(bad.items()):
                path.write_text(text)
                assert "nothing has changed: 1 problem" in reload(service)
                assert all(any(part in line for line in service.said) for part in expected), service.said
                assert gauge(page) == 0
                bodies.append(f"still here {number}")
                assert post_logs(http_port, bodies[-1]) == 200
            path.write_text(good)
            assert "nothing changed" in reload(service)
            assert gauge(page) == 1
            # a configuration that is well-formed but does not start
            blocked = json.loads(good)
            blocked["receivers"]["otlp/2"] = {"protocols": {"http": {"endpoint": f"127.0.0.1:{http_port}"}}}
            blocked["service"]["pipelines"]["logs"]["receivers"].append("otlp/2")
            path.write_text(json.dumps(blocked))
            assert "the old configuration is in force" in reload(service, until="in force")
            assert any("the port is taken" in line for line in service.said)
            assert gauge(page) == 0
            assert post_logs(http_port, "last") == 200
            assert_each_once(fake, [*bodies, "last"])
            assert service.end() == 0


def gauge(page: str) -> float:
    with urllib.request.urlopen(f"http://{page}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith("otel_discord_config_last_reload_succes"))


def test_sigterm_in_a_reload_drains(tmp_path: Path) -> None:
    """The old exporter finishes the message in flight; what waits behind it is neither lost nor sent twice."""
    with stand_in("--profile", "unlimited", "--latency-ms", "400") as fake:
        path = service_configuration(tmp_path, fake, **QUICK)
        with serving(path) as (service, _, http_port):
            bodies = [f"record {number}" for number in range(45)]
            for start in range(0, 45, 3):
                assert post_logs(http_port, *bodies[start : start + 3]) == 200
            change(path, username="Later")
            service.process.send_signal(signal.SIGHUP)
            service.read_until("SIGHUP: reloading")
            time.sleep(0.05)
            assert service.end(signal.SIGTERM) == 0, service.said
        assert_each_once(fake, bodies)
