"""A small shop in trouble: sends real OTLP with the real OpenTelemetry SDK, for the demo. Run as a process.

``python -m otel_discord.cli.demo_shop ENDPOINT [--seconds N]`` sends to an OTLP gRPC endpoint until it is told to stop.
"""

import argparse
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import product
from types import FrameType
from typing import Any, Final

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.util.types import AnyValue

from otel_discord.cli.demo_queue import Queue

BURST_RECORDS: Final = 30
SLOW_JOBS: Final = 38
FIRST_PAUSE_S: Final = 0.7
LATER_PAUSES_S: Final = (2.0, 6.0)
MOST_WAITING_RECORDS: Final = 8_192
_STORM_PLACES: Final = (
    "cart", "catalogue", "coupon", "customer", "delivery", "invoice", "login", "mail", "media", "menu",
    "order", "payment", "price", "refund", "review", "session", "stock", "tax", "voucher", "wishlist",
)  # fmt: skip
_STORM_CAUSES: Final = (
    "connection refused", "connection reset by peer", "deadline exceeded", "no healthy upstream", "too many clients",
    "name resolution failed", "certificate expired", "pool exhausted", "read-only replica", "schema mismatch",
)  # fmt: skip


class Service:
    """One service of the shop, with a name and a logger of its own."""

    def __init__(self, name: str, version: str, endpoint: str) -> None:
        self.name = name
        self.resource = resource = Resource.create(
            {
                "service.name": name,
                "service.version": version,
                "deployment.environment.name": "demo",
                "host.name": f"{name}-1",
            }
        )
        self._provider = LoggerProvider(resource=resource)
        exporter = OTLPLogExporter(endpoint=endpoint, insecure=True)
        self._provider.add_log_record_processor(
            BatchLogRecordProcessor(exporter, schedule_delay_millis=200, max_queue_size=MOST_WAITING_RECORDS)
        )
        self._logger = self._provider.get_logger(f"shop.{name}")
        self._tracer = TracerProvider(resource=resource).get_tracer(f"shop.{name}")

    def log(self, severity: SeverityNumber, body: AnyValue, **attributes: AnyValue) -> None:
        """Emit one record in a trace of its own, as an application would."""
        self._emit(severity, body, attributes, None)

    def fail(self, error: Exception, **attributes: AnyValue) -> None:
        """Emit an error with its exception and stack trace."""
        self._emit(SeverityNumber.ERROR, str(error), attributes, error)

    def _emit(
        self, severity: SeverityNumber, body: AnyValue, attributes: dict[str, AnyValue], error: Exception | None
    ) -> None:
        with self._tracer.start_as_current_span("request"):
            self._logger.emit(
                LogRecord(
                    timestamp=time.time_ns(),
                    severity_number=severity,
                    severity_text=severity.name,
                    body=body,
                    attributes={key.replace("__", "."): value for key, value in attributes.items()},
                    exception=error,
                )
            )

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def add_tax(subtotal: float, rate: Any) -> Any:
    """Compute a total; fails as such functions fail."""
    return subtotal + subtotal * rate


def charge_card(order: int) -> None:
    """Charge a card; the gateway is not there."""
    try:
        raise TimeoutError("no answer from gateway within 30 s")
    except TimeoutError as timeout:
        raise ConnectionError(f"payment for order {order} could not be confirmed") from timeout


class Shop:
    """What goes wrong, one thing after the other."""

    def __init__(self, checkout: Service, cart: Service, search: Service, worker: Service) -> None:
        self.checkout, self.cart, self.search, self.worker = checkout, cart, search, worker
        self.order = 48_213

    def declined(self) -> None:
        """A plain error with a few attributes."""
        text = "Payment declined: gateway timeout"
        self.checkout.log(SeverityNumber.ERROR, text, order=self.order, gateway="stripe", attempt=3)

    def broken_total(self) -> None:
        """An exception with a short trace."""
        try:
            add_tax(59.9, "19 %")
        except TypeError as error:
            self.cart.fail(error, order=self.order)

    def unconfirmed(self) -> None:
        """An exception with a cause."""
        try:
            charge_card(self.order)
        except ConnectionError as error:
            self.checkout.fail(error, order=self.order, gateway="stripe")

    def slow_shard(self) -> None:
        """A warning."""
        self.search.log(SeverityNumber.WARN, "Slow shard: query took 4.2 s", shard="eu-3", http__route="/search")

    def behind(self) -> None:
        """A structured body."""
        body: AnyValue = {"message": "Index is behind", "lag_s": 312, "documents": 18_204}
        self.search.log(SeverityNumber.ERROR, body)

    def hostile(self) -> None:
        """Text that would ping, link and break the layout if it could."""
        text = "@everyone **free** [click](https://example.com) ```x``` <@1>"
        self.search.log(SeverityNumber.ERROR, text, q="</script>")

    def burst(self) -> None:
        """Many at once."""
        for shard in range(BURST_RECORDS):
            text = f"redis connection lost: shard {shard} refused"
            self.cart.log(SeverityNumber.ERROR, text, server__address="redis-2")

    def slow_jobs(self) -> None:
        """What the worker says before its queue is too deep."""
        for _ in range(SLOW_JOBS):
            self.worker.log(SeverityNumber.WARN, "Job put back: redis timeout", server__address="redis-2")

    def storm(self) -> None:
        """A deployment that breaks everything at once: more problems than anybody can read one by one."""
        for share, service in enumerate((self.checkout, self.search), start=1):
            for rank, (place, cause) in enumerate(product(_STORM_PLACES, _STORM_CAUSES)):
                for _ in range(1 + 240 // (share * (1 + rank))):
                    service.log(SeverityNumber.ERROR, f"Cannot reach the {place} database: {cause}")

    def disk_full(self) -> None:
        """Something critical."""
        text = "No space left on device: orders are not being written"
        self.checkout.log(SeverityNumber.FATAL, text, mount="/orders")

    def scenes(self) -> Iterator[tuple[Callable[[], None], float]]:
        """Yield each scene with the pause after it, in seconds, for ever."""
        everyday = (self.declined, self.broken_total, self.slow_shard, self.unconfirmed, self.behind)
        for scene in (*everyday, self.hostile, self.burst, self.disk_full, self.storm, self.slow_jobs):
            yield scene, FIRST_PAUSE_S
        while True:
            self.order += 1
            yield random.choice(everyday), random.uniform(*LATER_PAUSES_S)  # noqa: S311 - a demo


def _stop_at_eof(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def main() -> None:
    """Run the shop until SIGTERM, SIGINT or the end of its time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("endpoint")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--until-eof", action="store_true", help="end when standard input does")
    arguments = parser.parse_args()
    stop = threading.Event()
    if arguments.until_eof:
        threading.Thread(target=_stop_at_eof, args=(stop,), daemon=True).start()

    def stop_now(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, stop_now)
    signal.signal(signal.SIGINT, stop_now)
    services = [Service(name, "1.8.2", arguments.endpoint) for name in ("checkout", "cart", "search", "worker")]
    queue = Queue(services[-1].resource, arguments.endpoint)
    ends_at = time.monotonic() + arguments.seconds
    for scene, pause_s in Shop(*services).scenes():
        scene()
        left_s = max(0.0, ends_at - time.monotonic())
        if stop.wait(min(pause_s, left_s)) or time.monotonic() >= ends_at:
            break
    queue.close()
    for service in services:
        service.close()


if __name__ == "__main__":
    main()
