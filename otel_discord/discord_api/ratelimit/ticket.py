"""A place in the queue, from asking to the end."""

import math
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from otel_discord.discord_api.routes import Route

if TYPE_CHECKING:
    from otel_discord.discord_api.ratelimit.channel_budget import ChannelBudget


class TicketState(Enum):
    """Where a ticket is in its life."""

    WAITING = auto()
    GRANTED = auto()
    ENDED = auto()


@dataclass(slots=True, eq=False)
class Ticket:
    """One request: who asks, how urgent, since when. Owned by the limiter; compare and hash by identity."""

    route: Route
    priority: int
    number: int
    """Order of asking over all routes."""
    requested_at: float
    state: TicketState = field(default=TicketState.WAITING)
    granted_at: float = math.inf
    channel: "ChannelBudget | None" = None
    """Where it counts as a new message, from its grant on."""

    @property
    def rank(self) -> tuple[int, int]:
        """Lower goes first: higher priority, then older."""
        return (-self.priority, self.number)
