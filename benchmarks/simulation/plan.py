"""What is simulated: how much work, on how many replicas, in which shape, with which failures."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SERVICES: Final = 100
"""Of a unit of work; each has a webhook of its own."""
CHANNELS: Final = 10
"""Of a unit; ten webhooks post to each."""
TEMPLATES: Final = 200
"""Of a service."""
RECORDS_PER_S: Final = 10_000
"""Of a unit."""
BATCH_S: Final = 1.0
"""How often a service hands its records over: what SDKs do."""
TICK_S: Final = 0.1
LEASE_S: Final = 15.0
RENEWAL_S: Final = 5.0


class Shape(StrEnum):
    """What the records tell of."""

    MIX = "mix"
    """Zipf over all problems of a unit, nearly all of them in Discord already, and two that are new each second."""
    ONE = "one problem"
    """Every service reports one and the same template."""
    NEW = "ever new"
    """The mix, and each tenth service reports 50 problems a second that nobody has seen before."""


@dataclass(frozen=True, slots=True)
class Faults:
    """When what fails, in seconds; None: not."""

    killed_at_s: float | None = None
    """The first replica."""
    engine_paused_at_s: float | None = None
    engine_paused_for_s: float = 30.0
    channel_deleted_at_s: float | None = None
    """The last channel."""
    discord_away_at_s: float | None = None
    discord_away_for_s: float = 120.0


NO_FAULTS: Final = Faults()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run. ``units`` is the work, each 100 services, 10 channels and 10,000 records a second."""

    units: int
    replicas: int
    addresses: int
    """Egress addresses; replicas take turns at them."""
    seconds: float
    shape: Shape = Shape.MIX
    faults: Faults = NO_FAULTS
    seed: int = 1

    @property
    def webhooks(self) -> int:
        """Lanes."""
        return self.units * SERVICES

    @property
    def channels(self) -> int:
        """Channels."""
        return self.units * CHANNELS
