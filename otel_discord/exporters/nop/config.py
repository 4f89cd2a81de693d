"""Keys of the nop exporter: none."""

from otel_discord.config import StrictModel


class NopConfig(StrictModel):
    """Takes no keys."""
