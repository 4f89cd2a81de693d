"""Senders behind a load balancer: each request goes to some replica, and to another one until it is answered OK."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.testing.otlp import any_value, key_values
from tests.fleet.ledger import Ledger
from tests.sending.answers import Answer
from tests.sending.by_http import HttpDoor
from tests.sending.markers import STREAM, marker

TIMEOUT_S = 3.0
RETRY_S = 0.1
DEADLINE_S = 100.0
ERROR, FATAL = 17, 21


class Door(HttpDoor):
    """OTLP/HTTP to one replica."""

    def __init__(self, port: int, timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(port, timeout_s)


@dataclass(slots=True)
class Sender:
    """Sends one request at a time, of records for some of the destinations, until it is answered OK."""

    ledger: Ledger
    number: int
    doors: Sequence[Door]
    dice: random.Random
    pause_s: float
    choose: Callable[[random.Random], tuple[str, ...]]
    """Return where the next record goes."""
    most_records: int = 4
    severity: int = ERROR
    avoided: Callable[[], frozenset[int]] = frozenset
    """Replicas that the balancer knows to be away."""
    _ids: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        self._ids = itertools.count(self.number * STREAM + 1)

    def run(self, over: threading.Event) -> None:
        """Send until it is over; what was begun is brought to its end."""
        try:
            while not over.is_set():
                self.deliver([self.choose(self.dice) for _ in range(self.dice.randint(1, self.most_records))])
                over.wait(self.dice.uniform(0, 2 * self.pause_s))
        finally:
            for door in self.doors:
                door.close()

    def deliver(self, destinations: Sequence[tuple[str, ...]], deadline_s: float = DEADLINE_S) -> list[int]:
        """Send a record to each of these, in one request, until it is answered OK; return their ids.

        Raises:
            TimeoutError: it was not accepted in time.
        """
        records = [(next(self._ids), each) for each in destinations]
        ids = [number for number, _ in records]
        body = request_of(records, self.severity).SerializeToString()
        started_s = time.monotonic()
        self.ledger.add(records, started_s)
        while True:
            place = self._next_place()
            answer, complaint = self.doors[place].post(body)
            now_s = time.monotonic()
            self.ledger.answered(ids, answer, now_s, complaint)
            if answer is Answer.OK:
                return ids
            if now_s - started_s > deadline_s:
                raise TimeoutError(f"sender {self.number}: not accepted within {deadline_s:g} s: {answer.value}")
            time.sleep(RETRY_S)

    def _next_place(self) -> int:
        away = self.avoided()
        there = [place for place in range(len(self.doors)) if place not in away]
        return self.dice.choice(there or range(len(self.doors)))


def request_of(records: Sequence[tuple[int, tuple[str, ...]]], severity: int = ERROR) -> ExportLogsServiceRequest:
    """Return records that carry ids, and where they are to go."""
    request = ExportLogsServiceRequest()
    resource_logs = request.resource_logs.add()
    resource_logs.resource.attributes.extend(key_values({"service.name": "shop"}))
    scope_logs = resource_logs.scope_logs.add()
    for number, destinations in records:
        record = scope_logs.log_records.add(time_unix_nano=time.time_ns())
        record.severity_number = severity  # type: ignore[assignment]  # the enum is open
        record.body.CopyFrom(any_value(f"{marker(number)} order was not paid"))
        record.attributes.extend(key_values({"to": "+".join(destinations)}))
    return request


def routes_to(choices: Sequence[tuple[str, ...]]) -> list[dict[str, object]]:
    """Return the exporter's routes by which records go where they say."""
    return [
        {"condition": f'log.attributes["to"] == "{"+".join(each)}"', "destinations": list(each)} for each in choices
    ]
