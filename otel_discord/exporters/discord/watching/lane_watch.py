"""What is noted of one destination as it happens, for people who watch: a few assignments for each request."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any, Final

from otel_discord.component import StoredCard
from otel_discord.component.counted import counted
from otel_discord.component.watched_exporter import Step
from otel_discord.discord_api.models import Message
from otel_discord.discord_api.outcome_types import Delivered, Gone, Outcome, RateLimited, Refused
from otel_discord.discord_api.turn import WebhookInfo
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.compose import Composed, Composer
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.entry import Posted
from otel_discord.exporters.discord.watching.findings import Finding
from otel_discord.exporters.discord.watching.journal import Journal, Told
from otel_discord.exporters.discord.watching.requests import RecentRequests
from otel_discord.exporters.discord.watching.webhook_label import label_of

_KEPT_PAYLOADS: Final = 10
_KEPT_PAYLOAD_BYTES: Final = 128 * 1024
"""Of one message; what has more is told of and not shown."""
_DETAIL_CHARS: Final = 300


@dataclass(slots=True, kw_only=True)
class LaneWatch:
    """Of one destination, kept over a reload. Counts are of this process."""

    name: str
    journal: Journal
    wall_clock: Callable[[], float] = time.time
    composer: Composer | None = None
    """Renders what was never sent, where somebody looks."""
    book: LaneBook | None = None
    requests: RecentRequests = field(default_factory=RecentRequests)
    delivered: int = 0
    failed: int = 0
    last_sent_ns: int = 0
    last_429_ns: int = 0
    last_error: str = ""
    last_error_ns: int = 0
    finding: Finding = field(default_factory=Finding)
    """What the checks of its webhook have found."""
    fingerprint: str = ""
    """Of the address that this is about."""

    def concerns(self, fingerprint: str) -> None:
        """Say of which address it is from now on: what was found at another does not count for this one."""
        if self.fingerprint != fingerprint:
            self.fingerprint, self.finding = fingerprint, Finding()

    def introduced(self, answer: WebhookInfo | Outcome | None, took_s: float) -> None:
        """The outbox has looked at its webhook when it began; None says nothing: so many may ask at once."""
        if isinstance(answer, WebhookInfo):
            self.finding, _ = self.finding.found(
                self._now_ns(), took_s, label=label_of(answer), name=answer.name, channel_id=answer.channel_id
            )
        elif isinstance(answer, Gone) and answer.code:
            self.finding = self.finding.gone(self._now_ns(), took_s)
            self.went_wrong(answer)

    def answered(self, outcome: Outcome, took_s: float) -> None:
        """A request to send or edit has ended."""
        self.requests.add(took_s, is_well=isinstance(outcome, Delivered))
        if isinstance(outcome, Delivered):
            return
        if isinstance(outcome, RateLimited):
            self.last_429_ns = self._now_ns()
        else:
            self.went_wrong(outcome)

    def went_wrong(self, outcome: Outcome) -> None:
        """Discord, or what is in between, has answered otherwise than hoped for."""
        self.last_error, self.last_error_ns = words_of(outcome), self._now_ns()

    def sent(self, composed: Composed, outcome: Outcome, attempts: int) -> None:
        """A message is in Discord."""
        self.delivered += 1
        now_ns = self.last_sent_ns = self._now_ns()
        message_id = outcome.message_id if isinstance(outcome, Delivered) else ""
        channel_id = outcome.channel_id if isinstance(outcome, Delivered) else ""
        how = "digest" if composed.note.is_digest else ""
        tries = f"attempt {attempts}" if attempts > 1 else ""
        told = Told(
            key=f"{self.name}/{message_id or f'card-{composed.stored[0].id}'}",
            destination=self.name,
            message_id=message_id,
            url=self._url(channel_id, message_id),
            records=composed.records,
            posted_ns=now_ns,
            journey=self._way_here(composed.stored, composed.cards, composed.records),
        )
        told.befell(Step(now_ns, "sent", " · ".join(part for part in (how, tries) if part)))
        self._says(told, composed.message)
        self.journal.put(told)

    def noticed(self, message: Message, outcome: Outcome) -> None:
        """A message of our own has ended, such as that a webhook is gone."""
        if not isinstance(outcome, Delivered):
            return
        now_ns = self.last_sent_ns = self._now_ns()
        told = Told(
            key=f"{self.name}/{outcome.message_id}",
            destination=self.name,
            message_id=outcome.message_id,
            url=self._url(outcome.channel_id, outcome.message_id),
            records=0,
            posted_ns=now_ns,
            journey=[Step(now_ns, "sent", "a notice of the exporter's own")],
        )
        self._says(told, message)
        self.journal.put(told)

    def edited(self, posted: Posted, message: Message) -> None:
        """Discord shows the new state of a message."""
        self.delivered += 1
        now_ns = self.last_sent_ns = self._now_ns()
        told = self._told_of(posted)
        before, records = told.records, sum(entry.count for entry in posted.entries)
        touched_ns = min(posted.last_touched_ns, now_ns)
        if records > before:
            told.befell(Step(touched_ns, "folded", f"{records - before:,} more"))
        told.befell(Step(now_ns, "edited", f"×{records:,}" if records > 1 else ""))
        told.records, told.edited_ns = max(records, before), now_ns
        self._says(told, message)
        self.journal.put(told)

    def not_edited(self, posted: Posted, outcome: Refused) -> None:
        """Discord does not take an edit."""
        told = self._told_of(posted)
        told.befell(Step(self._now_ns(), "refused", words_of(outcome)))
        if told.message is not None:
            self.journal.put(told)

    def buried(self, stored: Sequence[StoredCard], records: int, cause: Cause) -> None:
        """Cards have become dead letters."""
        self.failed += 1
        now_ns = self._now_ns()
        why = ": ".join(part for part in (cause.reason.replace("_", " "), cause.detail) if part)
        if cause.attempts:
            self.last_error, self.last_error_ns = why, now_ns
        told = Told(
            key=f"{self.name}/card-{stored[0].id}",
            destination=self.name,
            payloads=_few([card.payload for card in stored[:_KEPT_PAYLOADS]]),
            records=records,
            is_delivered=False,
            journey=[Step(now_ns, "dead letter", why[:_DETAIL_CHARS])],
        )
        self.journal.put(told)

    def _told_of(self, posted: Posted) -> Told:
        key = f"{self.name}/{posted.message_id}"
        known = self.journal.find(key)
        if known is not None:
            return known
        return Told(
            key=key,
            destination=self.name,
            message_id=posted.message_id,
            url=self.book.url_of(posted) if self.book is not None else "",
            records=sum(entry.shown for entry in posted.entries),
            posted_ns=posted.posted_ns,
            journey=[Step(posted.posted_ns, "sent")],
        )

    def _way_here(self, stored: Sequence[StoredCard], cards: Sequence[Card], records: int) -> list[Step]:
        """Return what befell the cards of a message before it went out."""
        entries = [self.book.entries.get(card.id) for card in stored] if self.book is not None else []
        known = [entry for entry in entries if entry is not None]
        services = list(dict.fromkeys(entry.service for entry in known if entry.service))
        accepted_ns = min((card.accepted_ns for card in cards if card.accepted_ns), default=0)
        steps = [Step(accepted_ns, "received", f"from {_listed(services)}" if services else "")] if accepted_ns else []
        routed_ns = max((entry.opened_ns for entry in known), default=0) or accepted_ns
        places = list(dict.fromkeys(place for card in cards for place in card.routed_to)) or [self.name]
        notes = list(dict.fromkeys(note for card in cards for note in card.notes if card.been_to))
        if routed_ns:
            steps.append(Step(routed_ns, "routed", f"to {_listed([*places, *notes])}"))
        if records > len(cards) and known:
            more = records - len(cards)
            steps.append(
                Step(max(entry.touched_ns for entry in known), "folded", f"{more:,} more into {_cards(cards)}")
            )
        return steps

    def _says(self, told: Told, message: Message) -> None:
        if message.files:
            told.attachments = tuple(_attachment(number, part) for number, part in enumerate(message.files))
            message = replace(message, files=())
        told.username = message.username or told.username
        told.avatar_url = message.avatar_url or told.avatar_url
        told.message = message

    def _url(self, channel_id: str, message_id: str) -> str:
        guild_id, _, own_channel_id = self.book.place.partition("/") if self.book is not None else ("", "", "")
        channel_id = channel_id or own_channel_id
        known = guild_id and channel_id and message_id
        return f"https://discord.com/channels/{guild_id}/{channel_id}/{message_id}" if known else ""

    def _now_ns(self) -> int:
        return int(self.wall_clock() * 1e9)


def words_of(outcome: Outcome) -> str:
    """Return why a request came to nothing, in Discord's words where it has said any."""
    if isinstance(outcome, Delivered):
        return ""
    reason = str(outcome.reason).replace("_", " ")
    return f"{reason}: {outcome.detail}"[:_DETAIL_CHARS] if outcome.detail else reason


def _attachment(number: int, part: Any) -> Mapping[str, Any]:
    return {"id": str(number), "filename": part.filename, "size": part.size_bytes, "content_type": part.content_type}


def _few(payloads: Sequence[bytes]) -> tuple[bytes, ...]:
    sizes = accumulate(map(len, payloads))
    return tuple(payload for payload, size in zip(payloads, sizes, strict=True) if size <= _KEPT_PAYLOAD_BYTES)


def _listed(words: Sequence[str]) -> str:
    shown = ", ".join(words[:5])
    return f"{shown} … and {len(words) - 5} more" if len(words) > 5 else shown


def _cards(cards: Sequence[Card]) -> str:
    return counted(len(cards), "card")
