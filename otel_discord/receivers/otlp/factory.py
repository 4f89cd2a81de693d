"""The otlp receiver as a value for the registry."""

from otel_discord.component import Component, Outlets, ReceiverFactory, Settings, Stability
from otel_discord.receivers.otlp.config import OtlpConfig
from otel_discord.signals import Signal


def _create(settings: Settings, config: OtlpConfig, outlets: Outlets) -> Component:
    from otel_discord.receivers.otlp.receiver import OtlpReceiver

    return OtlpReceiver(settings, config, outlets)


FACTORY = ReceiverFactory(
    type_name="otlp",
    config=OtlpConfig,
    signals={Signal.LOGS: Stability.BETA, Signal.METRICS: Stability.BETA, Signal.TRACES: Stability.BETA},
    create=_create,
)
