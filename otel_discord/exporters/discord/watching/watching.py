"""What an exporter tells those who watch it. Asking waits for nothing; what waits is counted every few seconds."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from otel_discord.component import RetryableError, WorkQueue
from otel_discord.component.watched_exporter import DestinationState, ShownMessage
from otel_discord.discord_api.client import WebhookClient
from otel_discord.discord_api.models import Message
from otel_discord.discord_api.permits import RateLimits
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.mutes.gate import Gate
from otel_discord.exporters.discord.mutes.held_lanes import destination_of, is_held
from otel_discord.exporters.discord.outbox import Outbox
from otel_discord.exporters.discord.watching.journal import Journal
from otel_discord.exporters.discord.watching.lane_watch import LaneWatch
from otel_discord.exporters.discord.watching.shown import shown_message
from otel_discord.exporters.discord.watching.states import (
    Backlog,
    Moment,
    backlogs,
    destination_state,
    oldest_of,
    unknown_lanes,
)
from otel_discord.signals.alert_event import AlertEvent

COUNTED_EVERY_S: Final = 2.0
"""While somebody watches."""
_IDLE_COUNT_S: Final = 10.0
_WATCHED_FOR_S: Final = 30.0
_HEAD_CARDS: Final = 40
"""Among which the oldest is looked for; critical ones stand before it."""


@dataclass(slots=True)
class Watches:
    """The notes of all destinations, kept over a reload."""

    journal: Journal = field(default_factory=Journal)
    lanes: dict[str, LaneWatch] = field(default_factory=dict)

    def of(self, name: str, wall_clock: Callable[[], float]) -> LaneWatch:
        """Return the notes of a destination."""
        watch = self.lanes.get(name)
        if watch is None:
            watch = self.lanes[name] = LaneWatch(name=name, journal=self.journal)
        watch.wall_clock = wall_clock
        return watch


@dataclass(slots=True, kw_only=True)
class Watching:
    """Of one running exporter."""

    watches: Watches
    outboxes: Mapping[str, Outbox]
    books: Mapping[str, LaneBook]
    queue: WorkQueue
    client: WebhookClient
    limits: RateLimits
    gate: Gate
    wall_clock: Callable[[], float]
    _counted: Mapping[str, int] = field(default_factory=dict)
    _oldest_ns: Mapping[str, int] = field(default_factory=dict)
    """Of lanes with cards that no book knows, while somebody watches."""
    _watched_until_s: float = 0.0
    _looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Count now and then what waits, until cancelled: of what is not folded the queue alone knows that."""
        while True:
            is_watched = asyncio.get_running_loop().time() < self._watched_until_s
            self._looked.clear()
            with suppress(RetryableError):  # then the numbers are those of the last time
                self._counted = await self.queue.waiting()
                self._oldest_ns = await self._look_at_heads() if is_watched else {}
            with suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_COUNT_S):
                    await (asyncio.sleep(COUNTED_EVERY_S) if is_watched else self._looked.wait())

    async def _look_at_heads(self) -> dict[str, int]:
        lanes = unknown_lanes(self.books, self._counted)
        return {lane: oldest_of(await self.queue.head(lane, _HEAD_CARDS)) for lane in lanes}

    def destination_states(self) -> Sequence[DestinationState]:
        """Return every destination in the order of the configuration."""
        loop_s = asyncio.get_running_loop().time()
        self._watched_until_s = loop_s + _WATCHED_FOR_S
        self._looked.set()
        moment = Moment(
            now_ns=int(self.wall_clock() * 1e9),
            loop_s=loop_s,
            limits=self.limits.snapshot(),
            gate=self.gate,
        )
        waiting = backlogs(self.books, self._counted, self._oldest_ns)
        return [
            destination_state(outbox, self.watches.lanes[name], waiting.get(name, Backlog()), moment, self.client)
            for name, outbox in self.outboxes.items()
        ]

    def recent_messages(self, limit: int) -> Sequence[ShownMessage]:
        """Return the messages that changed last, newest first."""
        found: list[ShownMessage] = []
        for told in self.watches.journal.newest():
            if len(found) >= limit:
                break
            watch = self.watches.lanes.get(told.destination)
            found.append(shown_message(told, _renderer(watch), watch.finding.name if watch is not None else ""))
        return found

    def firing_alerts(self) -> Sequence[tuple[AlertEvent, Sequence[str]]]:
        """Return the alerts that fire, those that began first first, with the destinations that show them."""
        found: dict[str, tuple[AlertEvent, list[str]]] = {}
        for lane, book in self.books.items():
            for identity, entry in book.alerts.items():
                member = entry.alert.members.get(identity) if entry.alert is not None else None
                if member is None or member.is_over:
                    continue
                _, places = found.setdefault(identity, (member.event, []))
                if not is_held(lane) and destination_of(lane) not in places:
                    places.append(destination_of(lane))
        return sorted(found.values(), key=lambda pair: (pair[0].started_ns, pair[0].name))


def _renderer(watch: LaneWatch | None) -> Callable[[Sequence[Card]], Message] | None:
    composer = watch.composer if watch is not None else None
    return composer.recompose if composer is not None else None
