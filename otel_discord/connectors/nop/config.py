"""Keys of the nop connector: none."""

from otel_discord.config import StrictModel


class NopConfig(StrictModel):
    """Takes no keys."""
