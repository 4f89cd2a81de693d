"""The door of the nop receiver."""

from otel_discord.component import Outlets, ReceiverFactory, Settings, Stability
from otel_discord.receivers.nop.config import NopConfig
from otel_discord.receivers.nop.receiver import NopReceiver
from otel_discord.signals import Signal


def _create(_settings: Settings, _config: NopConfig, _outlets: Outlets) -> NopReceiver:
    return NopReceiver()


FACTORY = ReceiverFactory(
    type_name="nop", config=NopConfig, signals=dict.fromkeys(Signal, Stability.STABLE), create=_create
)
