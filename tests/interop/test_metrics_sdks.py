"""The same load, told as metrics by two SDKs, both temporalities and both protocols, is the same alerts."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from otel_discord.signals.alert_event import AlertEvent
from tests.interop.far_end import FarEnd, as_read
from tests.interop.metrics_load import RULES, configuration, events, plan, told
from tests.interop.processes import eventually, running
from tests.interop.service import Service, running_configured
from tests.interop.toolchains import CLIENTS, Command, javascript_metrics_client

pytestmark = [pytest.mark.interop, pytest.mark.timeout(900)]

LIFE_S = 40.0
NEAR = 0.045
"""Values may differ by so much: what is in a window of four seconds depends on when it is looked at, and the sizes lie
so far apart that a cumulative exponential histogram is left with 16 buckets for each doubling (4.4 %)."""
NEAR_RATE = 0.5
"""A rate is divided by time that went by, which on a busy machine is not what the plan says."""


@dataclass(frozen=True)
class Client:
    language: str
    temporality: str
    protocol: str

    @property
    def service_name(self) -> str:
        return f"{self.language}-{self.temporality}-{self.protocol.replace('/', '-')}"


ALL = [
    Client(language, temporality, protocol)
    for language in ("python", "javascript")
    for temporality in ("cumulative", "delta")
    for protocol in ("grpc", "http/protobuf")
]


@pytest.fixture
def alerting_service(tmp_path: Path, far_end: FarEnd) -> Iterator[Service]:
    with running_configured(tmp_path, configuration(tmp_path, far_end), tmp_path / "alerts.jsonl") as service:
        yield service


def test_all_are_the_same_alerts(alerting_service: Service, far_end: FarEnd, tmp_path: Path) -> None:
    commands: dict[str, Command] = {
        "javascript": javascript_metrics_client(),
        "python": [sys.executable, CLIENTS / "python_metrics.py"],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan()))
    _run(commands, alerting_service, tmp_path)
    expected = 2 * len(RULES) * len(ALL)
    eventually(lambda: len(_lives(alerting_service)) == expected, LIFE_S, lambda: _shown(alerting_service))
    lives: dict[str, list[AlertEvent]] = defaultdict(list)
    for event in _lives(alerting_service):
        lives[str(event.labels["service.name"])].append(event)
    first, *others = ({told(event): event for event in lives[each.service_name]} for each in ALL)
    assert [each.state for each in first] == ["firing"] * len(RULES) + ["resolved"] * len(RULES)
    assert {each.name for each in first} == set(RULES)
    for other, client in zip(others, ALL[1:], strict=True):
        assert set(other) == set(first), client
        for key, event in first.items():
            near = NEAR_RATE if key.unit.endswith("/s") else NEAR
            assert other[key].value == pytest.approx(event.value, rel=near), (client, key)
            assert other[key].peak == pytest.approx(event.peak, rel=near), (client, key)
    _assert_in_discord(far_end)


def _run(commands: dict[str, Command], service: Service, folder: Path) -> None:
    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                running(
                    [*commands[each.language], folder / "plan.json"],
                    folder,
                    each.service_name,
                    OTEL_EXPORTER_OTLP_ENDPOINT=service.endpoint(each.protocol),
                    OTEL_EXPORTER_OTLP_PROTOCOL=each.protocol,
                    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=each.temporality,
                    OTEL_SERVICE_NAME=each.service_name,
                )
            )
            for each in ALL
        ]
        for client in clients:
            finished = client.finished()
            assert (finished.code, finished.err) == (0, ""), f"{finished.out}\n{finished.err}"


def _lives(service: Service) -> Sequence[AlertEvent]:
    return list(events(service.received)) if service.received.exists() else []


def _shown(service: Service) -> str:
    return "\n".join(f"{event.labels['service.name']}: {told(event)}" for event in _lives(service))


def _assert_in_discord(far_end: FarEnd) -> None:
    """Alerts of one rule are one card, with a line for each program."""

    def over() -> list[dict[str, Any]]:
        embeds = [embed for message in far_end.ask("messages") for embed in message["embeds"]]
        return [embed for embed in embeds if f": all {len(ALL)} resolved" in embed["title"]]

    eventually(lambda: len(over()) == len(RULES), LIFE_S, lambda: json.dumps(far_end.ask("messages"), indent=1))
    cards = {embed["title"].split(" ")[1].rstrip(":"): embed["description"] for embed in over()}
    assert set(cards) == set(RULES)
    for rule, text in cards.items():
        lines = [as_read(line) for line in text.splitlines()]
        for client in ALL:
            (line,) = [line for line in lines if f"{client.service_name} at" in line]
            assert line.startswith(f"🟢 {rule}: {client.service_name} at /checkout · resolved after "), line
    assert far_end.ask("violations") == []
