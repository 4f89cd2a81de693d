"""Folding of one exporter: its books, what its finder has learnt, and the lock under which both change together."""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.component import Move, NewCard, WorkQueue
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.facts_source import source_facts
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.draft import Draft
from otel_discord.exporters.discord.folding.entry import Entry, rest_of
from otel_discord.exporters.discord.folding.history import History
from otel_discord.exporters.discord.folding.kinds import kind_of
from otel_discord.exporters.discord.folding.problem import ProblemFinder, group_of, who
from otel_discord.exporters.discord.members.events import member_event, member_name
from otel_discord.exporters.discord.mutes.held_lanes import is_held


class _Books(dict[str, LaneBook]):
    """Lanes come up when mutes begin to hold; each has a book when it is first asked for."""

    def __init__(self, lanes: Iterable[str], new: Callable[[str], LaneBook]) -> None:
        super().__init__({lane: new(lane) for lane in lanes})
        self._new = new

    def __missing__(self, lane: str) -> LaneBook:
        book = self[lane] = self._new(lane)
        return book


RESTORED_CARDS: Final = 5_000
"""Of each lane's waiting cards; a record of a problem that waits further back opens another card."""


@dataclass(slots=True, kw_only=True)
class FoldDesk:
    """Where routing, outboxes and storage meet over what is counted where."""

    window_ns: int
    finder: ProblemFinder = field(default_factory=ProblemFinder)
    books: dict[str, LaneBook] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    history: History | None = None
    """None where nothing is remembered beyond the cards."""

    @classmethod
    def of(
        cls,
        lanes: Iterable[str],
        *,
        window_s: float,
        edit_interval_s: float = 10.0,
        group_wait_s: float = 0.0,
        group_interval_s: float = 0.0,
    ) -> "FoldDesk":
        """Return the desk of these lanes, knowing nothing yet. The rest is as ``LaneBook`` says."""
        window_ns = int(window_s * 1e9)

        def new(lane: str) -> LaneBook:
            return LaneBook(
                lane,
                window_ns,
                edit_interval_s=edit_interval_s,
                group_wait_s=group_wait_s,
                group_interval_s=group_interval_s,
            )

        return cls(window_ns=window_ns, books=_Books(lanes, new))

    async def restore(self, queue: WorkQueue) -> None:
        """Go on where an earlier run, or an earlier configuration, ended.

        Raises:
            RetryableError: the storage cannot be read now.
        """
        held = [lane for lane in await queue.lanes() if is_held(lane)]
        for lane, book in [*self.books.items(), *((lane, self.books[lane]) for lane in held)]:
            messages = await queue.posted(lane)
            waiting = await queue.head(lane, RESTORED_CARDS)
            for entry in book.restore(messages, waiting):
                self._recall(entry)

    async def unfold(self, queue: WorkQueue, *, keeps_messages: Collection[str] = ()) -> None:
        """Let what an earlier run has folded and not shown go on as cards; alerts and statuses go on where it ended.

        Args:
            queue: where it is.
            keeps_messages: lanes whose messages are to be deleted at their age, and so stay known.

        Raises:
            RetryableError: the storage cannot be read now.
        """
        held = [lane for lane in await queue.lanes() if is_held(lane)]
        for lane, living in [*self.books.items(), *((lane, self.books[lane]) for lane in held)]:
            kept = await queue.posted(lane)
            alive = {each.message_id for each in kept if any(kind_of(card.payload).lives_on for card in each.cards)}
            messages = [message for message in kept if message.message_id not in alive]
            waiting = [card for card in await queue.head(lane, RESTORED_CARDS) if kind_of(card.payload).lives_on]
            for entry in living.restore([message for message in kept if message.message_id in alive], waiting):
                self._recall(entry)
            book = LaneBook(lane, self.window_ns)
            for _ in book.restore(messages, ()):
                pass
            rest = [entry for message in book.messages.values() for entry in message.entries if entry.unshown]
            if rest:
                await queue.move([Move(entry.card_id, NewCard(lane, entry.priority, rest_of(entry))) for entry in rest])
            await queue.unpost([card.id for message in messages for card in message.cards])
            if lane not in keeps_messages:
                await queue.forget_messages(lane, [message.message_id for message in messages])

    def draft(self, now_ns: int) -> Draft:
        """Begin a routing step."""
        return Draft(self.books, now_ns, self.history)

    def _recall(self, entry: Entry) -> None:
        try:
            card = Card.from_bytes(entry.base)
            record = LogRecord.FromString(card.record)
        except DecodeError:
            return
        source = source_facts(card.resource)
        entry.service = source.service or source.host
        if entry.kind.lives_on:
            entry.text = card.template
            return
        if member_event(record) is not None:
            entry.text = member_name(record)
            return
        self.finder.miner.seed(card.template, group_of(card.fingerprint))
        entry.text = self.finder.find(who(source), record, card.severity, is_critical=False).text
