"""The host_metrics receiver as a value for the registry."""

from otel_discord.component import Component, Outlets, ReceiverFactory, Settings, Stability
from otel_discord.receivers.host_metrics.config import HostMetricsConfig
from otel_discord.signals import Signal


def _create(settings: Settings, config: HostMetricsConfig, outlets: Outlets) -> Component:
    from otel_discord.receivers.host_metrics.psutil_machine import PsutilMachine
    from otel_discord.receivers.host_metrics.receiver import HostMetricsReceiver

    return HostMetricsReceiver(settings, config, outlets, PsutilMachine())


FACTORY = ReceiverFactory(
    type_name="host_metrics",
    config=HostMetricsConfig,
    signals={Signal.METRICS: Stability.ALPHA},
    create=_create,
)
