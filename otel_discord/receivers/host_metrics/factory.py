"""The host_metrics receiver as a value for the registry."""

from otel_discord.component import Component, Outlets, ReceiverFactory, Settings, Stability
from otel_discord.receivers.host_metrics.config import HostMetricsConfig
from otel_discord.signals import Signal


def _create(settings: Settings, config: HostMetricsConfig, outlets: Outlets) -> Component:
    from otel_discord.receivers.host_metrics.psutil_machine import PsutilMachine
    from otel_discord.receivers.host_metrics.receiver import HostMetricsReceiver

    within_cgroup = config.scrapers.memory is not None and config.scrapers.memory.within_cgroup
    return HostMetricsReceiver(settings, config, outlets, PsutilMachine(memory_within_cgroup=within_cgroup))


FACTORY = ReceiverFactory(
    type_name="host_metrics",
    config=HostMetricsConfig,
    signals={Signal.METRICS: Stability.ALPHA},
    create=_create,
)
