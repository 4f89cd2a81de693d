"""How cards end that could not be delivered: with a reason, and where a person finds them."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from otel_discord.component import Settlement, StoredCard, WorkQueue
from otel_discord.component.instruments import DestinationInstruments, ExporterInstruments
from otel_discord.component.last_copy import LAST_COPY
from otel_discord.discord_api.outcome_types import FieldError, Outcome, Refused
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.last_words import last_words
from otel_discord.signals import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why cards end undelivered: our word for it, and Discord's own."""

    reason: str
    detail: str = ""
    status: int = 0
    code: int = 0
    errors: tuple[FieldError, ...] = ()
    attempts: int = 0

    @classmethod
    def of(cls, outcome: Outcome, reason: str, attempts: int) -> "Cause":
        """Return the cause that an answer gives."""
        return cls(
            reason=str(reason),
            detail=getattr(outcome, "detail", ""),
            status=getattr(outcome, "status", 0),
            code=getattr(outcome, "code", 0),
            errors=outcome.errors if isinstance(outcome, Refused) else (),
            attempts=attempts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Burial:
    """Ends the cards of one destination's lane."""

    destination: str
    queue: WorkQueue
    instruments: DestinationInstruments
    exporter_instruments: ExporterInstruments
    logger: logging.Logger
    release_attachments: Callable[[Sequence[Card]], None]

    async def bury(self, stored: Sequence[StoredCard], cause: Cause) -> None:
        """End cards undelivered. The error log has the records: the last place where they can be found."""
        cards = [Card.from_bytes(card.payload) for card in stored]
        for words in last_words(cards):
            self.logger.error(
                "not delivered: %s",
                words,
                extra={
                    "destination": self.destination,
                    "reason": cause.reason,
                    "detail": cause.detail,
                    LAST_COPY: True,
                },
            )
        await self.queue.settle([card.id for card in stored], Settlement.DEAD)
        self.release_attachments(cards)
        self.instruments.message_failed(cause.reason, attempts=cause.attempts)
        self.exporter_instruments.send_failed(Signal.LOGS, sum(card.count for card in cards))
