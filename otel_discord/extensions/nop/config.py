"""Keys of the nop extension: none."""

from otel_discord.config import StrictModel


class NopConfig(StrictModel):
    """Takes no keys."""
