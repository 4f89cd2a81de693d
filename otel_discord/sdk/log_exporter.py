"""The exporter for the OpenTelemetry SDK: ``OTEL_LOGS_EXPORTER=discord``, code, or the SDK's YAML file."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult

from otel_discord.sdk import processes
from otel_discord.sdk.capture import capture
from otel_discord.sdk.freeze import freeze, weight
from otel_discord.sdk.outlet import Outlet
from otel_discord.sdk.settings import SettingsError, read_settings
from otel_discord.sdk.snapshot import Snapshot
from otel_discord.signals import Severity, effective_severity

_log: Final = logging.getLogger("otel_discord.sdk")

_NEVER_SENT: Final = ("otel_discord", "opentelemetry")
"""Scopes, which are logger names, whose records would speak of sending itself: a circle, or noise of the plumbing."""
_HIDDEN: Final = frozenset({"otelTraceID", "otelSpanID", "otelTraceSampled", "otelServiceName"})
"""What older instrumentations write on every record, and the record has in its own fields."""


class DiscordLogExporter(LogRecordExporter):
    """Takes log records of this process and shows them in Discord.

    ``export`` returns at once: the record is in a bounded buffer, which one background thread empties. What is not
    said here is read from ``OTEL_EXPORTER_DISCORD_*``; see docs/reference/sdk.md for all of it. Settings that are wrong
    are one error of the logger ``otel_discord.sdk``, and nothing is sent; an exception would switch off all other
    instrumentation of the application.

    Args:
        webhook_url: where to, if it is one place.
        settings: ``config``, ``spool_directory``, ``shutdown_timeout``, and every key of the service's ``discord``
            exporter: ``destinations``, ``routes``, ``min_severity``, ``render`` and so on.
    """

    def __init__(self, webhook_url: str | None = None, **settings: Any) -> None:
        try:
            self._outlet = Outlet(read_settings({"webhook_url": webhook_url, **settings}))
        except SettingsError as error:
            self._outlet = Outlet.inert(str(error))
        self._has_failed = False
        processes.watch_batching(self)

    def export(self, batch: Sequence[ReadableLogRecord]) -> LogRecordExportResult:
        """Take records; SUCCESS means that they are in the buffer. Never raises, never waits."""
        if self._outlet.is_closed:
            return LogRecordExportResult.FAILURE
        for record in batch:
            try:
                self._take(record)
            except Exception as error:  # noqa: BLE001 - the application must not hear of it
                self._say_once(error)
        return LogRecordExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until what was exported is in Discord; return whether it is. The SDK itself never calls this."""
        return self._outlet.flush(timeout_millis / 1000)

    def shutdown(self, timeout_millis: float = 30_000) -> None:
        """Send what is left, for at most the shorter of ``timeout_millis`` and ``shutdown_timeout``."""
        self._outlet.shutdown(timeout_millis / 1000)

    def _say_once(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            _log.error("a record was not taken: %s; please report this", type(error).__name__)

    def _take(self, record: ReadableLogRecord) -> None:
        log_record = record.log_record
        number = log_record.severity_number
        severity = effective_severity(number.value if number is not None else 0, log_record.severity_text or "") or int(
            Severity.INFO
        )
        if severity < self._outlet.floor:
            return
        scope = record.instrumentation_scope
        name = scope.name if scope is not None else ""
        if name.partition(".")[0] in _NEVER_SENT:
            return
        attributes = log_record.attributes or {}
        error = getattr(log_record, "exception", None)  # from SDK 1.42 on
        body = freeze(log_record.body)
        snapshot = Snapshot(
            time_ns=log_record.timestamp or log_record.observed_timestamp or 0,
            severity=severity,
            severity_text=log_record.severity_text or "",
            body=body,
            attributes={key: value for key, value in attributes.items() if key not in _HIDDEN},
            scope=name,
            scope_version=(scope.version or "") if scope is not None else "",
            resource=_attributes_of(record.resource),
            event_name=log_record.event_name or "",
            trace_id=log_record.trace_id or 0,
            span_id=log_record.span_id or 0,
            flags=int(log_record.trace_flags or 0),
            template=body if isinstance(body, str) else "",
            exception=capture(error) if error is not None and "exception.type" not in attributes else None,
        )
        snapshot.size_bytes = weight(snapshot)
        self._outlet.offer(snapshot)


def _attributes_of(resource: Any) -> Mapping[str, Any]:
    """Return the same mapping each time for the same resource, which is what groups records."""
    attributes: Mapping[str, Any] = resource.attributes if resource is not None else _NO_ATTRIBUTES
    return attributes


_NO_ATTRIBUTES: Final[Mapping[str, Any]] = {}
