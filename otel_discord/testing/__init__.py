"""Rehearsal room, public for plugin authors: sinks, a host, OTLP builders, contract checks; no test library is needed.

What every component must pass: ``check_component``, ``check_exporter``, ``check_receiver``, ``StorageContract``.
What a component is given: ``NopHost``, ``settings()`` with ``InMemoryTelemetry``, ``Sink`` at the end of a pipeline.
Data: ``logs_batch(3)`` and its like. Discord itself is in ``otel_discord.testing.fake_discord``, an exporter's far end
made of it in ``discord_far_end``.
"""

from otel_discord.testing.component_contract import (
    check_cancelled,
    check_component,
    check_failed_start,
    check_never_started,
    check_refuses_when_not_running,
    check_start_and_stop,
)
from otel_discord.testing.exporter_contract import RECORD_BODY, FarEnd, check_exporter
from otel_discord.testing.host import NopHost, StatusEvent
from otel_discord.testing.leaks import no_leaked_tasks
from otel_discord.testing.otlp import (
    any_value,
    key_values,
    logs_batch,
    logs_request,
    metrics_batch,
    metrics_request,
    traces_batch,
    traces_request,
)
from otel_discord.testing.receiver_contract import Client, Told, check_receiver
from otel_discord.testing.sinks import Sink
from otel_discord.testing.storage_contract import StorageContract
from otel_discord.testing.telemetry import InMemoryTelemetry, settings

__all__ = [
    "RECORD_BODY",
    "Client",
    "FarEnd",
    "InMemoryTelemetry",
    "NopHost",
    "Sink",
    "StatusEvent",
    "StorageContract",
    "Told",
    "any_value",
    "check_cancelled",
    "check_component",
    "check_exporter",
    "check_failed_start",
    "check_never_started",
    "check_receiver",
    "check_refuses_when_not_running",
    "check_start_and_stop",
    "key_values",
    "logs_batch",
    "logs_request",
    "metrics_batch",
    "metrics_request",
    "no_leaked_tasks",
    "settings",
    "traces_batch",
    "traces_request",
]
