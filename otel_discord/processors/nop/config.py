"""Keys of the nop processor: none."""

from otel_discord.config import StrictModel


class NopConfig(StrictModel):
    """Takes no keys."""
