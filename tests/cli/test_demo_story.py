"""What the demo's shop tells: an alert that begins and ends, and a storm that nobody can read card by card."""

from typing import Any

from opentelemetry._logs import SeverityNumber
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.cli.demo_queue import SHIFT_S, depth
from otel_discord.cli.demo_shop import MOST_WAITING_RECORDS, Shop
from otel_discord.exporters.discord.folding.crowd import digest_above
from otel_discord.exporters.discord.folding.problem import ProblemFinder

MESSAGES_PER_MINUTE = 30


class Listener:
    """A service that keeps what it is told to log."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.said: list[str] = []

    def log(self, severity: SeverityNumber, body: str, **attributes: Any) -> None:
        """Keep a text."""
        self.said.append(body)


def test_the_queue_is_too_deep_once_and_long_enough_to_fire() -> None:
    depths = [depth(second) for second in range(int(SHIFT_S))]
    too_deep = [second for second, jobs in enumerate(depths) if jobs > 1000]
    assert too_deep == list(range(too_deep[0], too_deep[-1] + 1))
    assert too_deep[0] > 10, "what comes before it is to be seen first"
    assert len(too_deep) > 10
    assert too_deep[-1] < 40, "nobody waits longer for its end"
    assert max(depths[too_deep[-1] + 10 :]) < 100
    assert depth(SHIFT_S + 20) == depth(20)


def test_the_storm_is_a_digest_and_none_of_it_is_dropped_on_the_way() -> None:
    services: Any = [Listener(name) for name in ("checkout", "cart", "search", "worker")]
    Shop(*services).storm()
    finder = ProblemFinder()
    problems = {
        finder.find(service.name, LogRecord(body=AnyValue(string_value=text)), 17, is_critical=False).fingerprint
        for service in services
        for text in service.said
    }
    assert len(problems) > digest_above(MESSAGES_PER_MINUTE)
    assert max(len(service.said) for service in services) < MOST_WAITING_RECORDS
