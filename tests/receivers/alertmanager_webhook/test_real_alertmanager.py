"""A real Alertmanager posts to a running service: groups, repetitions, ends, what it leaves out, and its retries."""

import asyncio
import json
import shutil
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from otel_discord.component import RetryableError
from otel_discord.signals.alert_event import AlertEvent, alert_event
from otel_discord.testing.sinks import Sink
from tests.end_to_end.processes import COMMAND, StandIn, eventually, free_port, stand_in, started
from tests.receivers.alertmanager_webhook.rig import running

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
pytestmark = pytest.mark.skipif(
    ALERTMANAGER is None, reason="no Alertmanager on this machine; Debian's prometheus-alertmanager has it"
)


@dataclass
class Alertmanager:
    """A process without peers; it knows what it was posted until it ends."""

    port: int

    def post(self, *names: str, over: bool = False, **labels: str) -> None:
        """Tell alerts of these instances, which begin, or end, now."""
        now = datetime.now(UTC)
        times = {"startsAt": (now - timedelta(minutes=5)).isoformat()}
        times["endsAt"] = (now - timedelta(seconds=1) if over else now + timedelta(minutes=5)).isoformat()
        alerts = [
            {
                "labels": {"alertname": "DiskFull", "severity": "critical", "job": "shop", "instance": name, **labels},
                "annotations": {"summary": f"{name} is full", "value": "95.2%"},
                "generatorURL": "http://prometheus.example/graph",
                **times,
            }
            for name in names
        ]
        url = f"http://127.0.0.1:{self.port}/api/v2/alerts"
        request = urllib.request.Request(url, json.dumps(alerts).encode(), {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).close()


@contextmanager
def alertmanager(
    directory: Path, to_port: int, *, repeat_interval: str = "1h", **webhook: Any
) -> Iterator[Alertmanager]:
    """Run one that posts to a port of ours."""
    assert ALERTMANAGER is not None
    directory = directory / "alertmanager"
    directory.mkdir()
    configuration = {
        "route": {
            "receiver": "ours",
            "group_by": ["alertname"],
            "group_wait": "100ms",
            "group_interval": "300ms",
            "repeat_interval": repeat_interval,
        },
        "receivers": [
            {
                "name": "ours",
                "webhook_configs": [{"url": f"http://127.0.0.1:{to_port}/", "send_resolved": True, **webhook}],
            }
        ],
    }
    (directory / "alertmanager.yml").write_text(json.dumps(configuration))
    port = free_port()
    arguments = [
        ALERTMANAGER,
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with started(arguments) as process:
        process.read_until("Listening on")
        yield Alertmanager(port)


@contextmanager
def service(directory: Path, fake: StandIn) -> Iterator[int]:
    """Run our service; yields the port that takes alerts."""
    port = free_port()
    configuration = {
        "receivers": {"alertmanager_webhook": {"endpoint": f"127.0.0.1:{port}"}},
        "exporters": {
            "discord": {
                "webhook_url": fake.urls[0],
                "endpoint": f"{fake.base_url}/api/v10",
                "allow_insecure_endpoint": True,
                "min_severity": "INFO",
                "alerts": {"group_wait": "1s", "group_interval": "1s"},
                "dead_letters": {"directory": str(directory / "dead-letters")},
            }
        },
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"logs": {"receivers": ["alertmanager_webhook"], "exporters": ["discord"]}},
        },
    }
    path = directory / "config.yaml"
    path.write_text(json.dumps(configuration))
    with started([*COMMAND, "--config", str(path)]) as process:
        process.read_until("Everything is ready")
        yield port
        assert process.end() == 0


def shown(fake: StandIn) -> str:
    """Return all that can be read now."""
    return json.dumps(fake.ask("messages"), ensure_ascii=False)


def test_a_group_fires_is_repeated_and_ends_in_one_message(tmp_path: Path) -> None:
    with (
        stand_in() as fake,
        service(tmp_path, fake) as port,
        alertmanager(tmp_path, port, repeat_interval="1s") as manager,
    ):
        manager.post("db-1", "db-2", "db-3")
        eventually(lambda: all(name in shown(fake) for name in ("db-1", "db-2", "db-3")))
        manager.post("db-4")
        eventually(lambda: "db-4" in shown(fake))
        requests = fake.ask("stats")["requests"]
        time.sleep(2.5)  # it repeats what it said
        assert fake.ask("stats")["requests"] == requests
        manager.post("db-1", "db-2", "db-3", "db-4", over=True)
        eventually(lambda: "🔴" not in shown(fake))
        (message,) = fake.ask("messages")
        assert "4 resolved" in message["embeds"][0]["title"]
        assert fake.ask("violations") == []


async def heard(sink: Sink, count: int) -> list[AlertEvent]:
    """Wait for so many alerts."""
    async with asyncio.timeout(30):
        while len(found := list(map(alert_event, sink.log_records))) < count:
            await asyncio.sleep(0.05)
    return [event for event in found if event is not None]


def said(sink: Sink) -> Sequence[Mapping[str, Any]]:
    return [{pair.key: pair.value for pair in record.attributes} for record in sink.log_records]


async def test_what_it_tells_of_an_alert(tmp_path: Path) -> None:
    async with running() as it:
        with alertmanager(tmp_path, it.receiver.port) as manager:
            manager.post("db-1")
            (firing,) = await heard(it.sink, 1)
            manager.post("db-1", over=True)
            _, resolved = await heard(it.sink, 2)
    assert (firing.name, firing.state, firing.severity, firing.value) == ("DiskFull", "firing", "critical", 95.2)
    assert (firing.summary, firing.source_url) == ("db-1 is full", "http://prometheus.example/graph")
    assert firing.labels == {"instance": "db-1", "job": "shop"}
    assert (resolved.state, resolved.fingerprint) == ("resolved", firing.fingerprint)
    assert resolved.ended_ns > resolved.started_ns == firing.started_ns


async def test_a_repetition_is_the_same_alert(tmp_path: Path) -> None:
    async with running() as it:
        with alertmanager(tmp_path, it.receiver.port, repeat_interval="500ms") as manager:
            manager.post("db-1")
            events = await heard(it.sink, 3)
    assert {event.state for event in events} == {"firing"}
    assert len({(event.fingerprint, event.started_ns) for event in events}) == 1


async def test_it_says_how_many_it_left_out(tmp_path: Path) -> None:
    async with running() as it:
        with alertmanager(tmp_path, it.receiver.port, max_alerts=2) as manager:
            manager.post("db-1", "db-2", "db-3", "db-4", "db-5")
            assert len(await heard(it.sink, 2)) == 2
            assert [told["alert.group_truncated"].int_value for told in said(it.sink)] == [3, 3]


async def test_the_end_is_not_told_where_it_is_switched_off(tmp_path: Path) -> None:
    async with running() as it:
        with alertmanager(tmp_path, it.receiver.port, send_resolved=False) as manager:
            manager.post("db-1")
            await heard(it.sink, 1)
            manager.post("db-1", over=True)
            manager.post("db-2", alertname="Other")
            events = await heard(it.sink, 2)
            await asyncio.sleep(0.6)
    assert [(event.name, event.state) for event in events] == [("DiskFull", "firing"), ("Other", "firing")]
    assert len(it.sink.log_records) == 2


async def test_it_tries_again_while_the_pipeline_is_busy(tmp_path: Path) -> None:
    sink = Sink()
    sink.answer_next(RetryableError("busy"), RetryableError("busy"))
    async with running(sink) as it:
        with alertmanager(tmp_path, it.receiver.port) as manager:
            manager.post("db-1")
            (firing,) = await heard(it.sink, 1)
    assert firing.labels["instance"] == "db-1"


async def test_it_tries_again_while_nobody_listens(tmp_path: Path) -> None:
    port = free_port()
    with alertmanager(tmp_path, port) as manager:
        await asyncio.to_thread(manager.post, "db-1")
        await asyncio.sleep(0.5)
        async with running(endpoint=f"127.0.0.1:{port}") as it:
            (firing,) = await heard(it.sink, 1)
    assert firing.state == "firing"
