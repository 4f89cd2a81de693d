"""Keys of the nop receiver: none."""

from otel_discord.config import StrictModel


class NopConfig(StrictModel):
    """Takes no keys."""
