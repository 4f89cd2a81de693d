"""Edits of messages that are in Discord: their cards count more than they show. Never in the way of new messages.

An edit that may or may not have arrived is simply sent again. What Discord will not have edited (deleted by a person,
too old) goes on as a new message with what was not shown yet.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from otel_discord.component import Move, NewCard, Posting
from otel_discord.component.instruments import ExporterInstruments
from otel_discord.component.instruments_discord import DestinationInstruments
from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.outcome_types import Delivered, Gone, Outcome, RateLimited, Refused, Unavailable
from otel_discord.discord_api.routes import Operation
from otel_discord.discord_api.webhook_url import WebhookUrl
from otel_discord.exporters.discord.alert_ends import AlertEnds
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.alerts.pacing import MOST_TURNS
from otel_discord.exporters.discord.capped_edits import CappedEdits, is_capped, priority_of, rest_card
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.circuit import Circuit
from otel_discord.exporters.discord.compose import Composer
from otel_discord.exporters.discord.departure import Departure
from otel_discord.exporters.discord.edited_charts import (
    charts_of_edit,
    edited_with_charts,
    is_refused,
    refused_charts,
    without_charts,
)
from otel_discord.exporters.discord.folding.editing import may_go, next_edit
from otel_discord.exporters.discord.folding.entry import Entry, Posted, worse_of
from otel_discord.exporters.discord.folding.lane_fold import LaneFold
from otel_discord.exporters.discord.lane import Lane
from otel_discord.exporters.discord.trials.judge import Judge
from otel_discord.exporters.discord.watching.lane_watch import LaneWatch
from otel_discord.signals import Signal

EDIT_PRIORITY = -1
TICK_S = 0.00001
"""A loop's timer may fire that much early, and is then as good as due."""
_AFTER_FAILURE_S = 1.0
_BETWEEN_CLEANINGS_NS = 10 * 10**9


@dataclass(slots=True, kw_only=True)
class Edits:
    """Of one destination."""

    fold: LaneFold
    lane: Lane
    client: WebhookClient
    composer: Composer
    circuit: Circuit
    departure: Departure
    instruments: DestinationInstruments
    exporter_instruments: ExporterInstruments
    watch: LaneWatch
    logger: logging.Logger
    interval_s: float
    wall_clock: Callable[[], float]
    outlives_its_cards: Callable[[str], bool] = lambda _: False
    """Whether a message is to be known by its id when nothing is counted in it any more."""
    alert_ends: AlertEnds | None = None
    """Where the end of an alert is told by a message of its own as well."""
    judge: Judge | None = None
    """Knows cards that nobody outlives who shows them."""
    wake_at_s: float | None = None
    """Loop time at which an edit may become possible; None where none is wanted."""
    _was_last: bool = False
    _cleaned_ns: int = 0
    _not_before_s: float = 0.0

    def others_went(self) -> None:
        """A new message has gone, so that an edit may be next."""
        self._was_last = False

    def choose(self, *, others_wait: bool, at_once: bool = False, only_urgent: bool = False) -> Posted | None:
        """Return the message to edit now, as far as time and the limiter allow; else :attr:`wake_at_s` says when."""
        self.wake_at_s = None
        due = next_edit(self.fold.book, self.interval_s, at_once=at_once)
        if due is None or (only_urgent and not due.message.is_urgent):
            return None
        now_s = asyncio.get_running_loop().time() + TICK_S
        if now_s < self._not_before_s:
            self.wake_at_s = self._not_before_s
            return None
        if not may_go(due, now_s, self.interval_s, others_wait=others_wait, was_last=self._was_last):
            if not others_wait and not at_once:
                self.wake_at_s = due.at_s
            return None
        ready_at_s = self.client.ready_at(self._webhook(due.message), Operation.EDIT, priority=EDIT_PRIORITY)
        if ready_at_s > now_s:
            self.wake_at_s = ready_at_s
            return None
        return due.message

    async def edit(self, message: Posted) -> None:
        """Bring what a message counts to Discord."""
        self._was_last = True
        if message.refused or await self._is_spoilt(message):
            await self.release(message)
            return
        if message.says_all:
            await self._shown(
                message, [(entry, entry.count) for entry in message.entries], asyncio.get_running_loop().time()
            )
            return
        if await self._try_edit(message):
            refused_charts(message)
            await self._try_edit(message, with_charts=False)

    async def _is_spoilt(self, message: Posted) -> bool:
        if self.judge is None:
            return False
        cards = [(entry.card_id, entry.payload()) for entry in message.entries]
        return await self.judge.spoils(self.lane.name, cards)

    async def _try_edit(self, message: Posted, *, with_charts: bool = True) -> bool:
        """Edit a message; return whether it is to be tried without charts: Discord has refused it with them."""
        shown: list[tuple[Entry, int]] = []
        told: list[AlertGroup | None] = []
        worse: list[Entry] = []
        loop = asyncio.get_running_loop()
        async with self.client.turn(self._webhook(message), Operation.EDIT, priority=EDIT_PRIORITY) as turn:
            cards = [_card_of(entry) for entry in message.entries]
            entries = list(message.entries)
            worse = [entry for entry in entries if entry.is_urgent]
            shown = [(entry, entry.shown if entry in worse else entry.count) for entry in entries]
            told = [entry.alert for entry in entries]
            pictures = self.composer.pictures  # while they are drawn more may be counted, which is for the next edit
            charts = await charts_of_edit(message, cards, pictures) if with_charts else without_charts(message)
            started_s = loop.time()
            sent = self.composer.recompose(cards, message.note, posted_s=message.posted_ns / 1e9, charts=charts)
            outcome = await turn.edit(message.message_id, sent)
            took_s = loop.time() - started_s
            self.instruments.attempted(took_s)
            self.watch.answered(outcome, took_s)
        has_spoken_of_files = bool(sent.files) or sent.kept_file_ids is not None
        if with_charts and has_spoken_of_files and is_refused(outcome):
            return True
        if isinstance(outcome, Delivered) and charts is not None:
            edited_with_charts(message, entries, sent, cards, outcome.body)
        if isinstance(outcome, Delivered):
            self.watch.edited(message, sent)
        await self._conclude(message, shown, told, outcome)
        if isinstance(outcome, Delivered) and worse:
            await self._go_on_worse(message, worse)
        if isinstance(outcome, Delivered) and any(entry.owes_turn for entry in entries):
            await self._turned(message, entries)
        return False

    async def _shown(self, message: Posted, shown: list[tuple[Entry, int]], changed_s: float) -> None:
        """A message shows so many records of its cards."""
        more = sum(records - entry.shown for entry, records in shown)
        self.fold.book.edited(message, shown, changed_s)
        await self.lane.mark_shown([Posting(entry.card_id, records) for entry, records in shown])
        self.exporter_instruments.sent(Signal.LOGS, more)

    async def _conclude(
        self,
        message: Posted,
        shown: list[tuple[Entry, int]],
        told: Sequence[AlertGroup | None],
        outcome: Outcome,
    ) -> None:
        match outcome:
            case Delivered():
                for (entry, _), alert in zip(shown, told, strict=True):
                    entry.shown_alert = alert
                if self.alert_ends is not None:
                    pairs = [(entry, alert) for (entry, _), alert in zip(shown, told, strict=True)]
                    await self.alert_ends.tell(message, pairs)
                await self._shown(message, shown, asyncio.get_running_loop().time())
                self.instruments.message_sent(embeds=0, attempts=1)
                await self.circuit.works()
            case RateLimited():
                self.instruments.rate_limited(outcome.scope, outcome.retry_after_s, self.wall_clock())
            case Gone():
                await self.departure.begin(outcome)
            case Unavailable():
                message.changed_s = asyncio.get_running_loop().time()  # not again before its time
                self._not_before_s = message.changed_s + _AFTER_FAILURE_S
                if self.circuit.failed():
                    await self.circuit.hold(outcome)
            case Refused() if is_capped(outcome) and message.lives_on:
                await self._put_off(message)
                await self.circuit.works()
            case Refused():
                self.logger.warning(
                    "Discord does not take an edit; what it would have shown becomes a new message",
                    extra={
                        "destination": self.lane.name,
                        "reason": str(outcome.reason),
                        "status": outcome.status,
                        "detail": outcome.detail,
                    },
                )
                self.watch.not_edited(message, outcome)
                await self.release(message)
            case _:
                assert_never(outcome)

    async def _put_off(self, message: Posted) -> None:
        if not message.times_put_off:
            self.logger.info(
                "Discord takes no edit of an old message for now; it is tried again later, and what is news is told"
                " by a new message",
                extra={"destination": self.lane.name, "message_id": message.message_id},
            )
        await self._capped.put_off(message, asyncio.get_running_loop().time())
        if message.times_put_off >= MOST_TURNS and all(entry.owes_turn for entry in message.entries):
            await self._turned(message, list(message.entries))

    async def _turned(self, message: Posted, entries: Sequence[Entry]) -> None:
        if not await self._capped.turned(message, entries):
            await self._let_go([message.message_id], [entry.card_id for entry in entries])

    @property
    def _capped(self) -> CappedEdits:
        return CappedEdits(self.fold, self.lane)

    async def _go_on_worse(self, message: Posted, entries: Sequence[Entry]) -> None:
        """Let alerts that got worse go on as new messages, of their own priority; the one that told them says so."""
        book = self.fold.book
        await self.lane.settled()
        async with self.fold.steady():
            worse = [entry for entry in entries if entry.is_urgent and entry.message is message]
            url = book.url_of(message)
            cards = [NewCard(book.lane, priority_of(entry), worse_of(entry, url)) for entry in worse]
            moves = [Move(entry.card_id, card) for entry, card in zip(worse, cards, strict=True)]
            ids = await self.lane.move(moves) if moves else ()
            book.ended([entry.card_id for entry in worse])
            self.fold.moved(moves, ids)
            is_done = not message.entries
            if is_done:
                book.forget(message)
            elif not message.is_stale:
                book.stale.pop(message.message_id, None)
        if is_done:
            await self._let_go([message.message_id], ())

    async def release(self, message: Posted) -> None:
        """Let what a message does not show go on as cards of their own, and keep it no longer.

        So do alerts that are not over: the next that comes of them must find a message.
        """
        book = self.fold.book
        await self.lane.settled()
        async with self.fold.steady():
            message.refused = True
            rest = [entry for entry in message.entries if entry.unshown or entry.is_open_alert]
            url = book.url_of(message) if any(entry.is_urgent for entry in rest) else ""
            cards = [NewCard(book.lane, priority_of(entry), rest_card(entry, url)) for entry in rest]
            moves = [Move(entry.card_id, card) for entry, card in zip(rest, cards, strict=True)]
            ids = await self.lane.move(moves) if moves else ()
            released = [
                replace(entry, card_id=card_id, base=move.card.payload, count=entry.unshown, message=None, shown=0)
                for entry, move, card_id in zip(rest, moves, ids, strict=False)
                if entry.alert is None
            ]
            rest_ids = {entry.card_id for entry in rest}
            shown_ids = [entry.card_id for entry in message.entries if entry.card_id not in rest_ids]
            book.forget(message)
            for entry in released:
                entry.base_samples = len(entry.samples)
                if entry.fingerprint and entry.fingerprint not in book.open:
                    book.opened(entry)
            self.fold.moved(moves, ids)
        await self._let_go([message.message_id], shown_ids)

    async def release_all(self) -> bool:
        """Do so for every message: nothing can be edited any more. Return whether anything waits now."""
        stale = list(self.fold.book.stale.values())
        for message in stale:
            await self.release(message)
        return bool(stale)

    async def clean(self) -> None:
        """Forget messages in which nothing is counted any more; now and then."""
        now_ns = self.fold.now_ns()
        if now_ns - self._cleaned_ns < _BETWEEN_CLEANINGS_NS:
            return
        self._cleaned_ns = now_ns
        outlived = self.fold.book.outlived(now_ns)
        if outlived:
            card_ids = [entry.card_id for message in outlived for entry in message.entries]
            for message in outlived:
                self.fold.book.forget(message)
            await self._let_go([message.message_id for message in outlived], card_ids)

    async def _let_go(self, message_ids: Sequence[str], card_ids: Sequence[int]) -> None:
        """Forget messages, or of those that are known on only their cards."""
        forgotten = [message_id for message_id in message_ids if not self.outlives_its_cards(message_id)]
        if len(forgotten) < len(message_ids) and card_ids:
            await self.lane.unpost(card_ids)
        if forgotten:
            await self.lane.forget_messages(forgotten)

    def _webhook(self, message: Posted) -> WebhookUrl:
        webhook = self.composer.destination.webhook
        if message.note.thread_id and not webhook.thread_id:
            return WebhookUrl(webhook.id, webhook.token, message.note.thread_id)
        return webhook


def _card_of(entry: Entry) -> Card:
    """Return the card as the edit shows it; of an alert that goes on elsewhere it says that."""
    card = Card.from_bytes(entry.payload())
    if not entry.is_urgent or entry.alert is None:
        return card
    return replace(card, alert_group=replace(entry.alert, went_on=True).to_bytes())
