"""Stands before what goes out to Discord: nothing does while it is not certain that the shard is ours.

A message is also kept back by its note in the storage, which a replica without the seat cannot make; edits and the
like have none. A request that has begun is let go on: at worst Discord has it a moment after somebody else took over.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from otel_discord.component.fleet import Seat
from otel_discord.discord_api.http import HttpRequest, HttpResponse, Transport, TransportError

ON_ITS_WAY_S: Final = 2.0
"""What a request takes to reach Discord, connection included, unless something is very wrong."""
_SHARE_OF_A_LEASE: Final = 1 / 3
"""Of short leases no more is asked for, since they are renewed when a third is over."""
LONGEST_WAIT_S: Final = 5.0
"""For the storage to say that the seat is still ours; then the request counts as one that did not go out."""
_LOOK_S: Final = 0.05


@dataclass(slots=True, kw_only=True)
class Guard:
    """Of one seat."""

    transport: Transport
    seat: Seat
    longest_wait_s: float = LONGEST_WAIT_S
    _longest_s: float = 0.0
    """What was certain at best: nearly the lease."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send it once the seat is certainly ours for long enough.

        Raises:
            TransportError: the seat is lost, or not certain for long; or there was no answer.
        """
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self.longest_wait_s
        while self.seat.is_lost or not self._is_certain:
            if self.seat.is_lost or loop.time() >= until_s:
                detail = "it is not certain that no other replica works on this destination"
                raise TransportError(detail, sent=False, timed_out=False)
            await asyncio.sleep(_LOOK_S)
        return await self.transport.send(request)

    @property
    def _is_certain(self) -> bool:
        certain_s = self.seat.certain_s
        self._longest_s = max(self._longest_s, certain_s)
        return certain_s > 0 and certain_s >= min(ON_ITS_WAY_S, self._longest_s * _SHARE_OF_A_LEASE)
