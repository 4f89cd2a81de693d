"""Deletes our own messages of one destination when they have reached their age: one at a time, when nothing else waits.

A message that is gone already is as good as deleted. What another webhook has sent (the address under the name was
changed) cannot be deleted with this one, and is forgotten.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, assert_never

from otel_discord.component import NewPosted
from otel_discord.component.instruments_discord import DestinationInstruments
from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.outcome_types import Delivered, Gone, Outcome, RateLimited, Refused, Unavailable
from otel_discord.discord_api.outcomes import ARCHIVED_THREAD
from otel_discord.discord_api.routes import Operation
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.circuit import Circuit
from otel_discord.exporters.discord.departure import Departure
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.note import Note
from otel_discord.exporters.discord.lane import Lane
from otel_discord.exporters.discord.retention_book import RetentionBook, Sent

DELETE_PRIORITY: Final = -2
LONGEST_SLEEP_S: Final = 60.0
"""The wall clock may be set meanwhile."""
TICK_S: Final = 0.001
"""A loop's timer may fire that much early, and is then as good as due."""
_STILL_COUNTED_S: Final = 10.0
_PAUSE_S: Final = 60.0
"""After an answer that says nothing of the message."""
_FORGOTTEN_AT_A_TIME: Final = 1_000


@dataclass(slots=True, kw_only=True)
class Retention:
    """Of one destination."""

    book: RetentionBook
    lane: Lane
    client: WebhookClient
    webhook: WebhookUrl
    circuit: Circuit
    departure: Departure
    instruments: DestinationInstruments
    logger: logging.Logger
    wall_clock: Callable[[], float]
    counted: LaneBook | None = None
    """Messages in which records are counted still; they are not deleted before that is over."""
    wake_at_s: float | None = None
    """Loop time at which a message may be deleted; None where there is none."""
    _paused_until_s: float = 0.0

    async def restore(self) -> None:
        """Know the messages of earlier runs."""
        self.book.restore(
            Sent(kept.message_id, kept.posted_ns, note.webhook_id, note.thread_id)
            for kept in await self.lane.posted()
            for note in (Note.from_bytes(kept.note),)
        )

    def arrived(self, posted: NewPosted, note: Note) -> None:
        """Know a message that is about to be stored as posted."""
        self.book.keep(Sent(posted.message_id, posted.posted_ns, note.webhook_id, note.thread_id))

    def own_message(self, message_id: str, note: Note) -> NewPosted:
        """Know a message none of whose cards is kept; return what to store of it."""
        note = replace(note, webhook_id=self.webhook.id)
        posted = NewPosted(self.lane.name, message_id, int(self.wall_clock() * 1e9), note.to_bytes(), ())
        self.arrived(posted, note)
        return posted

    async def notice_arrived(self, delivered: Delivered, *, opened_thread: bool) -> None:
        """Know a message of our own that stands for no records."""
        if delivered.message_id:
            thread_id = delivered.channel_id if opened_thread else ""
            note = Note(thread_id=thread_id)
            await self.lane.post(self.own_message(delivered.message_id, note))

    async def choose(self) -> Sent | None:
        """Return the message to delete now, as far as its age and the limiter allow; else :attr:`wake_at_s` says when.

        What cannot be deleted, or is too much to be remembered, is forgotten on the way.
        """
        self.wake_at_s = None
        await self._forget_excess()
        await self._forget_foreign()
        sent = self.book.oldest()
        if sent is None:
            return None
        now_s = asyncio.get_running_loop().time() + TICK_S
        ready_at_s = max(self._paused_until_s, now_s + self.book.due_ns(sent) / 1e9 - self.wall_clock())
        if ready_at_s <= now_s:
            if self.counted is not None and sent.message_id in self.counted.messages:
                ready_at_s = now_s + _STILL_COUNTED_S
            else:
                ready_at_s = self.client.ready_at(
                    self._webhook_of(sent), Operation.DELETE_MESSAGE, priority=DELETE_PRIORITY
                )
        if ready_at_s <= now_s:
            return sent
        self.wake_at_s = min(ready_at_s, now_s + LONGEST_SLEEP_S)
        return None

    async def delete(self, sent: Sent) -> None:
        """Delete a message, or learn why not."""
        loop = asyncio.get_running_loop()
        webhook = self._webhook_of(sent)
        async with self.client.turn(webhook, Operation.DELETE_MESSAGE, priority=DELETE_PRIORITY) as turn:
            outcome = await turn.delete(sent.message_id)
        if not await self._is_settled(sent, outcome):
            self._paused_until_s = loop.time() + _PAUSE_S
            return
        self.book.forget([sent.message_id])
        await self.lane.forget_messages([sent.message_id])

    async def forget_all(self) -> None:
        """The webhook is gone, and with it the right to delete."""
        await self._forget(self.book.all_ids())

    async def _is_settled(self, sent: Sent, outcome: Outcome) -> bool:
        """Return whether there is nothing more to do for a message."""
        match outcome:
            case Delivered():
                await self.circuit.works()
                return True
            case RateLimited():
                self.instruments.rate_limited(outcome.scope, outcome.retry_after_s, self.wall_clock())
                self._paused_until_s = 0.0
                return False
            case Gone():
                if outcome.code == ARCHIVED_THREAD:
                    self._say_it_stays(outcome)
                    return True
                if sent.thread_id and sent.thread_id != self.webhook.thread_id:
                    self.logger.debug("a thread is gone, and its messages with it")
                    return True
                if outcome.code:  # Discord's own word, not that of a proxy which lacks the route
                    await self.departure.begin(outcome)
                return False
            case Refused():
                self._say_it_stays(outcome)
                return True
            case Unavailable():
                if self.circuit.failed():
                    await self.circuit.hold(outcome)
                return False
            case _:
                assert_never(outcome)

    def _say_it_stays(self, outcome: Gone | Refused) -> None:
        self.logger.warning(
            "Discord does not delete a message that has reached its age; it stays",
            extra={
                "destination": self.lane.name,
                "reason": str(outcome.reason),
                "status": outcome.status,
                "detail": outcome.detail,
            },
        )

    async def _forget_excess(self) -> None:
        excess = self.book.excess()
        if excess:
            self.logger.warning(
                "too many messages wait for their deletion; the oldest are forgotten and stay in Discord",
                extra={"destination": self.lane.name, "messages": len(excess)},
            )
            await self._forget(excess)

    async def _forget_foreign(self) -> None:
        while (sent := self.book.oldest()) is not None and sent.webhook_id not in {"", self.webhook.id}:
            await self._forget([sent.message_id])

    async def _forget(self, message_ids: list[str]) -> None:
        """Forget messages in steps that do not hold up the storage; those that are counted in have not to be known."""
        self.book.forget(message_ids)
        counted = self.counted.messages if self.counted is not None else {}
        known = [message_id for message_id in message_ids if message_id not in counted]
        for start in range(0, len(known), _FORGOTTEN_AT_A_TIME):
            await self.lane.forget_messages(known[start : start + _FORGOTTEN_AT_A_TIME])

    def _webhook_of(self, sent: Sent) -> WebhookUrl:
        if sent.thread_id and not self.webhook.thread_id:
            return WebhookUrl(self.webhook.id, self.webhook.token, sent.thread_id)
        return self.webhook
