"""The alertmanager_webhook receiver as a value for the registry."""

from otel_discord.component import Component, Outlets, ReceiverFactory, Settings, Stability
from otel_discord.receivers.alertmanager_webhook.config import AlertmanagerWebhookConfig
from otel_discord.signals import Signal


def _create(settings: Settings, config: AlertmanagerWebhookConfig, outlets: Outlets) -> Component:
    from otel_discord.receivers.alertmanager_webhook.receiver import AlertmanagerWebhookReceiver

    return AlertmanagerWebhookReceiver(settings, config, outlets)


FACTORY = ReceiverFactory(
    type_name="alertmanager_webhook",
    config=AlertmanagerWebhookConfig,
    signals={Signal.LOGS: Stability.ALPHA},
    create=_create,
)
