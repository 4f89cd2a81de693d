"""Keys of the forward connector: none, as in the Collector."""

from otel_discord.config import StrictModel


class ForwardConfig(StrictModel):
    """Takes no keys."""
