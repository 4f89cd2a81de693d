"""The door of the nop extension."""

from otel_discord.component import ExtensionFactory, Settings, Stability
from otel_discord.extensions.nop.config import NopConfig
from otel_discord.extensions.nop.extension import NopExtension


def _create(_settings: Settings, _config: NopConfig) -> NopExtension:
    return NopExtension()


FACTORY = ExtensionFactory(type_name="nop", config=NopConfig, stability=Stability.STABLE, create=_create)
