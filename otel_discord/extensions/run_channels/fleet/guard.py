"""Lets nothing out to Discord while it is not certain that this replica leads: another one may be at the same work."""

from dataclasses import dataclass
from typing import Final

from otel_discord.component.state_table import Lead
from otel_discord.discord_api.http import HttpRequest, HttpResponse, Transport, TransportError

MARGIN_S: Final = 2.0
"""A request that begins so long before the lead may end has arrived by then; of a short lease a third will do."""


@dataclass(slots=True)
class GuardedTransport:
    """A :class:`~otel_discord.discord_api.http.Transport` of who leads."""

    transport: Transport
    lead: Lead
    _longest_s: float = 0.0

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Return the answer.

        Raises:
            TransportError: there was none, or this replica may not lead any more; then nothing was sent.
        """
        certain_s = self.lead.certain_s
        self._longest_s = max(self._longest_s, certain_s)
        if certain_s <= min(MARGIN_S, self._longest_s / 3):
            raise TransportError("it is not certain that this replica leads", sent=False, timed_out=False)
        return await self.transport.send(request)
