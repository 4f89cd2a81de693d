"""How cards end that could not be delivered: with a reason, and where a person finds them."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from google.protobuf.message import DecodeError

from otel_discord.component import NewLetter, StoredCard, WorkQueue
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DestinationInstruments
from otel_discord.component.last_copy import LAST_COPY
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.dead_letters.box import LetterBox, LogBox
from otel_discord.exporters.discord.dead_letters.letter import details_text, letter_payload
from otel_discord.exporters.discord.dead_letters.upkeep import Upkeep
from otel_discord.exporters.discord.folding.lane_fold import LaneFold
from otel_discord.exporters.discord.last_words import last_words
from otel_discord.exporters.discord.watching.lane_watch import LaneWatch
from otel_discord.signals import Signal

__all__ = ["Burial", "Cause"]

_UNREADABLE = "(a card that cannot be read)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Burial:
    """Ends the cards of one destination's lane. Without a ``box`` only the error log has the records."""

    destination: str
    queue: WorkQueue
    instruments: DestinationInstruments
    exporter_instruments: ExporterInstruments
    logger: logging.Logger
    release_attachments: Callable[[Sequence[Card]], None]
    box: LetterBox | None = None
    upkeep: Upkeep | None = None
    fold: LaneFold | None = None
    watch: LaneWatch | None = None
    wall_clock_ns: Callable[[], int] = time.time_ns

    async def bury(self, stored: Sequence[StoredCard], cause: Cause) -> None:
        """End cards undelivered: kept as dead letters before they leave the queue, and one line each in the log.

        Where nothing can keep them, the log is the last place where they are found: such a line is never left out.

        Raises:
            RetryableError: the storage fails; the cards are where they were.
        """
        if not stored:
            return
        if self.fold is None:
            await self._bury(stored, cause)
            return
        async with self.fold.steady():
            await self._bury(self.fold.current(stored), cause)
            self.fold.ended(stored)

    async def _bury(self, stored: Sequence[StoredCard], cause: Cause) -> None:
        time_ns = self.wall_clock_ns()
        letters = [
            NewLetter(
                card.id,
                time_ns,
                self.destination,
                cause.reason,
                letter_payload(card.payload, cause, destination=self.destination, time_ns=time_ns),
            )
            for card in stored
        ]
        cards = [_card(card.payload) for card in stored]
        in_log: list[OSError | None] = []

        def last_resort(error: OSError | None) -> None:
            in_log.append(error)
            self._log_last_copies(cards, letters, cause, error)

        box = self.box if self.box is not None else LogBox(self.queue)
        ids = await box.bury(letters, last_resort)
        if not in_log:
            self._log_kept(stored, cards, cause, ids.get)
        readable = [card for card in cards if card is not None]
        self.release_attachments(readable)
        self.instruments.message_failed(cause.reason, attempts=cause.attempts)
        records = sum(card.count for card in readable) + len(cards) - len(readable)
        self.exporter_instruments.send_failed(Signal.LOGS, records)
        if not in_log:
            self.instruments.dead_letters_written(len(letters))
        if self.watch is not None:
            self.watch.buried(stored, records, cause)
        if self.upkeep is not None:
            self.upkeep.buried(self.destination, cause, records, is_kept=not in_log)

    def _log_last_copies(
        self, cards: Sequence[Card | None], letters: Sequence[NewLetter], cause: Cause, error: OSError | None
    ) -> None:
        """Say each record whole: its text, its attributes and where it comes from."""
        if error is not None:
            self.logger.error("dead letters cannot be written, so this log has them: %s", error.strerror or error)
        for card, letter in zip(cards, letters, strict=True):
            facts = {**self._facts(cause, card), "detail": cause.detail, "record": details_text(letter.payload)}
            self.logger.error("not delivered: %s", _words(card), extra={**facts, LAST_COPY: True})

    def _log_kept(
        self,
        stored: Sequence[StoredCard],
        cards: Sequence[Card | None],
        cause: Cause,
        letter_id: Callable[[int], int | None],
    ) -> None:
        say = partial(self.logger.error, "not delivered, kept as a dead letter: %s")
        for waiting, card in zip(stored, cards, strict=True):
            facts = self._facts(cause, card) | {"detail": cause.detail, "letter": letter_id(waiting.id)}
            say(_words(card), extra={name: value for name, value in facts.items() if value is not None})

    def _facts(self, cause: Cause, card: Card | None) -> dict[str, object]:
        return {"destination": self.destination, "reason": cause.reason, "records": card.count if card else 1}


def _card(payload: bytes) -> Card | None:
    try:
        return Card.from_bytes(payload)
    except DecodeError:
        return None


def _words(card: Card | None) -> str:
    return _UNREADABLE if card is None else next(last_words([card]))
