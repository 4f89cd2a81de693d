"""The ``run_channels`` extension as a value behind its entry point."""

from otel_discord.component import ExtensionFactory, Stability
from otel_discord.extensions.run_channels.config import RunChannelsConfig
from otel_discord.extensions.run_channels.extension import RunChannels

FACTORY = ExtensionFactory(
    type_name="run_channels",
    config=RunChannelsConfig,
    stability=Stability.ALPHA,
    create=RunChannels,
)
