"""Load for alerts: gauges that are told again and again over OTLP/HTTP, whether the service is there or not."""

import http.client
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from otel_discord.testing.otlp import key_values
from tests.kills.house import until

EVERY_S = 0.04


@dataclass(frozen=True, slots=True)
class Span:
    """Between two moments of wall time something happened: a value was sent first, and was answered OK."""

    sent_s: float
    accepted_s: float


@dataclass(slots=True)
class MetricsLoad:
    """What is told now of each metric; a metric that is not in it is told no more."""

    port: int
    values: dict[str, float] = field(default_factory=dict)
    changes: dict[tuple[str, float], list[Span]] = field(default_factory=dict)
    """For each metric and value, when it began to be told, and was taken in; once for each time that it changed."""
    _told: dict[str, float] = field(default_factory=dict)
    _sent_s: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, name: str, value: float) -> Span:
        """Tell another value from now on; wait until the service has taken it in."""
        key = name, value
        seen = len(self.changes.get(key, ()))
        self.change(name, value)
        until(lambda: len(self.changes.get(key, ())) > seen, f"{name}={value:g} is accepted", step_s=0.005)
        return self.changes[key][-1]

    def change(self, name: str, value: float) -> None:
        """Tell another value from now on, whenever the service takes it in."""
        with self._lock:
            self.values[name] = value

    def stop(self, *names: str) -> None:
        """Tell nothing of these any more."""
        with self._lock:
            for name in names:
                self.values.pop(name)
                self._told.pop(name, None)

    def run(self, over: threading.Event) -> None:
        """Tell until it is over."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        while not over.is_set():
            with self._lock:
                values = dict(self.values)
            sent_s = time.time()
            if values and _post(connection, values):
                self._note(values, sent_s, time.time())
            over.wait(EVERY_S)
        connection.close()

    def _note(self, values: Mapping[str, float], sent_s: float, accepted_s: float) -> None:
        with self._lock:
            for name, value in values.items():
                if self._told.get(name) != value and name in self.values:
                    self._told[name] = value
                    self.changes.setdefault((name, value), []).append(Span(sent_s, accepted_s))


def _post(connection: http.client.HTTPConnection, values: Mapping[str, float]) -> bool:
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.extend(key_values({"service.name": "shop"}))
    metrics = resource.scope_metrics.add().metrics
    for name, value in values.items():
        metrics.add(name=name).gauge.data_points.add(time_unix_nano=time.time_ns(), as_double=value)
    try:
        headers = {"Content-Type": "application/x-protobuf"}
        connection.request("POST", "/v1/metrics", request.SerializeToString(), headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return answer.status == 200


@contextmanager
def telling(port: int) -> Iterator[MetricsLoad]:
    """Tell metrics in a thread as long as the block runs."""
    load, over = MetricsLoad(port), threading.Event()
    thread = threading.Thread(target=load.run, args=(over,), name="metrics")
    thread.start()
    try:
        yield load
    finally:
        over.set()
        thread.join(20)
