"""What an outbox does while its destination cannot be reached: it waits, helps itself, asks.

One message or one request asks whether the destination is there again: a probe.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from otel_discord.discord_api.client import WebhookInfo
from otel_discord.discord_api.outcome_types import Gone, Reason, Unavailable
from otel_discord.exporters.discord.greetings import ask_webhook
from otel_discord.exporters.discord.picking import Pick
from otel_discord.exporters.discord.told_outbox import ToldOutbox

_BETWEEN_LOOKS_S: Final = 0.25
"""While the breaker is open, how often new cards are looked at for critical ones."""


@dataclass(slots=True)
class Probing:
    """Of one outbox. ``send`` sends a pick as a probe."""

    outbox: ToldOutbox
    send: Callable[[Pick], Awaitable[None]]

    async def cooled_down(self) -> bool:
        """Wait until a probe may go; False where it is time to end instead."""
        outbox = self.outbox
        while not outbox.dispatch.sender.stopping:
            outbox.arrivals.heard()
            if outbox.arrivals.draining and (outbox.is_durable or not await outbox.lane.head(1)):
                return False
            await self._relieve()
            if outbox.circuit.is_due:
                return True
            outbox.is_cooling = True
            try:
                await outbox.arrivals.wait(outbox.circuit.allowed_at_s)
                if outbox.fallback is not None and not outbox.arrivals.draining:
                    await asyncio.sleep(_BETWEEN_LOOKS_S)
            finally:
                outbox.is_cooling = False
        return False

    async def _relieve(self) -> None:
        """Let the fallback have what is critical, but not what may be in Discord already."""
        outbox = self.outbox
        if outbox.fallback is None:
            return
        grouped = outbox.memory.grouped_ids
        not_served = {
            card.id
            for group in outbox.memory.groups
            if group.doubt.exists and not group.doubt.may_be_there
            for card in group.cards
        }
        moved = await outbox.fallback.relieve(
            lambda card: card.id in not_served or not (card.in_doubt or card.id in grouped)
        )
        outbox.memory.forget_cards(moved)
        if moved & not_served:
            outbox.instruments.possible_duplicate()

    async def probe(self) -> bool:
        """Let one message ask; return False where nothing is there to ask with."""
        outbox = self.outbox
        outbox.circuit.probe()
        try:
            pick = await outbox.picker.pick()
            if pick is None:
                return await self._probes_by_edit()
            # A repeat is not wanted, so a request that makes nothing asks first.
            if outbox.picker.resends or await self._answers():
                await self.send(pick)
            return True
        finally:
            outbox.circuit.no_probe()

    async def _probes_by_edit(self) -> bool:
        outbox = self.outbox
        message = outbox.edits.choose(others_wait=False, at_once=True) if outbox.edits is not None else None
        if outbox.edits is None or message is None:
            return False
        await outbox.edits.edit(message)
        return True

    async def _answers(self) -> bool:
        outbox = self.outbox
        answer = await ask_webhook(outbox.client, outbox.destination.webhook, outbox.timeout_s)
        if isinstance(answer, Gone) and answer.code:
            await outbox.departure.begin(answer)
        elif not isinstance(answer, WebhookInfo):
            reason = answer.reason if isinstance(answer, Unavailable) else Reason.TIMEOUT
            await outbox.circuit.hold(Unavailable(reason, ambiguous=False))
        return isinstance(answer, WebhookInfo)
