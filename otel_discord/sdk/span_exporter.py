"""The exporter for spans: ``OTEL_TRACES_EXPORTER=discord``, code, or the SDK's YAML file. Failures and slow ones."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_discord.sdk import processes
from otel_discord.sdk.outlet import Outlet
from otel_discord.sdk.pending_spans import PendingSpans
from otel_discord.sdk.saying_once import SayingOnce
from otel_discord.sdk.settings import SettingsError
from otel_discord.sdk.settings_connectors import read_span_settings

_OURS: Final = "otel_discord"


class DiscordSpanExporter(SpanExporter):
    """Takes spans of this process, and shows in Discord which failed and which were slow.

    ``export`` returns at once: spans wait for the background thread, where the service's ``exceptions`` and
    ``slow_spans`` connectors look at them. Without settings both are on; limits of slow spans are learned. Wrong
    settings are one error of the logger ``otel_discord.sdk``, and nothing is sent.

    Args:
        webhook_url: where to, if it is one place.
        exceptions: as under ``connectors::exceptions``; False switches it off.
        slow_spans: as under ``connectors::slow_spans``; False switches it off.
        settings: those of ``DiscordLogExporter``.
    """

    def __init__(
        self,
        webhook_url: str | None = None,
        exceptions: Mapping[str, Any] | bool | None = None,
        slow_spans: Mapping[str, Any] | bool | None = None,
        **settings: Any,
    ) -> None:
        try:
            found = read_span_settings(
                {"webhook_url": webhook_url, "exceptions": exceptions, "slow_spans": slow_spans, **settings}
            )
            most = (found.sdk.max_records, found.sdk.max_bytes)
            self._outlet = Outlet(found.sdk, pending=lambda: PendingSpans(*most), connectors=found.connectors)
        except SettingsError as error:
            self._outlet = Outlet.inert(str(error))
        self._failures = SayingOnce("a span was not taken")
        processes.watch_batching(self)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Take spans; SUCCESS means that they wait. Never raises, never waits."""
        if self._outlet.is_closed:
            return SpanExportResult.FAILURE
        for span in spans:
            with self._failures:
                scope = span.instrumentation_scope
                if scope is None or scope.name.partition(".")[0] != _OURS:
                    self._outlet.put(span)
        return SpanExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Wait until what was found so far is in Discord; return whether it is. Slow spans wait for their trace."""
        return self._outlet.flush(timeout_millis / 1000)

    def shutdown(self, timeout_millis: float = 30_000) -> None:
        """Send what is left, for at most the shorter of ``timeout_millis`` and ``shutdown_timeout``."""
        self._outlet.shutdown(timeout_millis / 1000)
