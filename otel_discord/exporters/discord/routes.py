"""Routes of the configuration, compiled: which records take them, and where they lead. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from otel_discord.exporters.discord.destinations import Destination
from otel_discord.ottl import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The first route whose condition is met decides, unless it goes on."""

    condition: Condition
    destinations: Sequence[Destination]
    goes_on: bool = False
    mark: str = ""
    """Its name on cards, where it says who is pinged; "" where it does not."""
