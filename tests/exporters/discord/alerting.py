"""Alerts for tests: events, the batches that carry them, and what Discord shows of them."""

from dataclasses import replace
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.signals.alert_event import AlertEvent, AlertState
from otel_discord.signals.batch import LogsBatch
from otel_discord.testing.fake_discord import FakeDiscord
from otel_discord.testing.fake_discord.state import FakeMessage

SECOND = 10**9
BEGINNING_S = 1_767_225_600
GREEN, RED, AMBER, GREY = 0x2ECC71, 0xE74C3C, 0xF0A30A, 0x95A5A6


def at(seconds: float) -> int:
    return int((BEGINNING_S + seconds) * SECOND)


def firing(started_s: float = 0, at_s: float | None = None, **changes: Any) -> AlertEvent:
    event = AlertEvent(
        name="QueueTooDeep",
        state=AlertState.FIRING,
        severity="warning",
        at_ns=at(started_s if at_s is None else at_s),
        started_ns=at(started_s),
        value=1240.0,
        peak=1410.0,
        threshold="> 1000",
        unit="{job}",
        metric="queue.depth",
        labels={"service.name": "worker"},
        summary="worker has 1,240 jobs waiting",
        runbook_url="https://runbooks.example/queue",
    )
    return replace(event, **changes)


def updated(started_s: float, at_s: float, **changes: Any) -> AlertEvent:
    return firing(started_s, at_s, state=AlertState.UPDATED, **changes)


def resolved(started_s: float, at_s: float, **changes: Any) -> AlertEvent:
    changes = {"resolution": "recovered", "ended_ns": at(at_s)} | changes
    return firing(started_s, at_s, state=AlertState.RESOLVED, **changes)


def batch(*events: AlertEvent) -> LogsBatch:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    records.extend(event.to_record() for event in events)
    return LogsBatch(request)


def titles(fake: FakeDiscord) -> list[str]:
    return [embed["title"] for message in fake.messages for embed in message.embeds]


def words(message: FakeMessage) -> str:
    return "\n".join(f"{embed.get('title', '')}\n{embed.get('description', '')}" for embed in message.embeds)


def colors(fake: FakeDiscord) -> list[int]:
    return [embed["color"] for message in fake.messages for embed in message.embeds]


def edits(fake: FakeDiscord) -> list[float]:
    return [entry.at_s for entry in fake.journal if entry.kind == "edited"]
