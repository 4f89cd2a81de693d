"""The exporter for metrics: ``OTEL_METRICS_EXPORTER=discord``, code, or the SDK's YAML file. Rules make alerts."""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData

from otel_discord.sdk import processes
from otel_discord.sdk.outlet import Outlet
from otel_discord.sdk.pending_metrics import PendingMetrics
from otel_discord.sdk.saying_once import SayingOnce
from otel_discord.sdk.settings import SettingsError
from otel_discord.sdk.settings_connectors import read_metric_settings


class DiscordMetricExporter(MetricExporter):
    """Takes metrics of this process, and shows in Discord the alerts that its rules make of them.

    ``export`` returns at once: the collection waits for the background thread, where the service's ``threshold``
    connector asks the rules at each ``evaluation_interval`` as long as the process lives. Temporality is cumulative: a
    collection that gives way to a newer one takes no count along, and rules read the same numbers as in the service.
    Wrong settings are one error of the logger ``otel_discord.sdk``, and nothing is sent.

    Args:
        webhook_url: where to, if it is one place.
        rules: as under ``connectors::threshold::rules``, or the path of a YAML file with ``rules:``; without it what
            ``OTEL_EXPORTER_DISCORD_RULES`` names, or ``connectors::threshold`` of the ``config`` file.
        settings: ``evaluation_interval``, ``max_series``, ``max_alerts`` of the connector; and those of
            ``DiscordLogExporter``.
    """

    def __init__(
        self,
        webhook_url: str | None = None,
        rules: Sequence[Mapping[str, Any]] | str | None = None,
        **settings: Any,
    ) -> None:
        super().__init__()
        try:
            found = read_metric_settings({"webhook_url": webhook_url, "rules": rules, **settings})
            max_bytes = found.sdk.max_bytes
            self._outlet = Outlet(found.sdk, pending=lambda: PendingMetrics(max_bytes), connectors=found.connectors)
        except SettingsError as error:
            self._outlet = Outlet.inert(str(error))
        self._failures = SayingOnce("a collection of metrics was not taken")
        processes.watch_batching(self)

    def export(
        self,
        metrics_data: MetricsData,
        timeout_millis: float = 10_000,  # noqa: ARG002 - nothing is waited for
        **_: Any,
    ) -> MetricExportResult:
        """Take a collection; SUCCESS means that it waits. Never raises, never waits."""
        if self._outlet.is_closed:
            return MetricExportResult.FAILURE
        with self._failures:
            self._outlet.put(metrics_data)
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Wait until the rules have what was exported, and Discord the alerts of before; return whether it is so."""
        return self._outlet.flush(timeout_millis / 1000)

    def shutdown(self, timeout_millis: float = 30_000, **more: Any) -> None:
        """Send what is left, for at most the shorter of the timeout and ``shutdown_timeout``. What fires stays so."""
        self._outlet.shutdown(float(more.get("timeout", timeout_millis)) / 1000)  # the SDK's reader calls it timeout
