"""Evidence of one exporter: takes in what comes, and gives an alert its evidence before it is told.

It is gathered when an alert's group has waited for more of its kind (``alerts::group_wait``): what comes right with the
alert is evidence as well. Then it is stored with the group, before a message tells it, and stays.
"""

import asyncio
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Final

from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord._proto import queue_pb2
from otel_discord.component import Fold, NewCard, RetryableError, ShutdownError, StoredCard, WorkQueue
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.evidence.found import MOST_TRACES, evidence_of
from otel_discord.exporters.discord.evidence.lines import Line, Reader
from otel_discord.exporters.discord.evidence.origin import Origin
from otel_discord.exporters.discord.evidence.ring import Arrival, Ring
from otel_discord.exporters.discord.evidence.subject import Subject, subjects
from otel_discord.exporters.discord.folding.book import LaneBook
from otel_discord.exporters.discord.folding.desk import FoldDesk
from otel_discord.exporters.discord.folding.entry import Entry
from otel_discord.exporters.discord.masking import Masking
from otel_discord.exporters.discord.mutes.held_lanes import destination_of
from otel_discord.exporters.discord.sourced.names import is_sourced
from otel_discord.signals import LogsBatch
from otel_discord.signals.any_value import attributes_to_dict

MOST_RECORDS: Final = 10_000
"""From WARN on, of those that are counted for one alert: the newest."""
MOST_OTHERS: Final = 1_000
_AT_A_TIME: Final = 200
"""Reading waits for nothing, so it lets the others have their turn after so many records."""
_AFTERWARDS_NS: Final = 30 * 10**9
"""An alert that could not be told in time has no lines as evidence that came so long after it was to be told."""
_AFTER_THE_WAIT_S: Final = 1.0
_MOST_FILES_BYTES: Final = 4 << 20
"""Of one destination: in a storm of alerts that wait for Discord, the last ones have no file."""
_REMEMBERED_NS: Final = 10**9
_ALIKE_NS: Final = 5 * 10**9
"""Alerts of one service that began within that have the same evidence, where they are told at once."""
_MOST_REMEMBERED: Final = 32


@dataclass(slots=True, kw_only=True)
class EvidenceDesk:
    """``window_ns``: how long before an alert began its evidence may be."""

    ring: Ring
    masking: Masking
    window_ns: int
    group_wait_s: float
    wall_clock: Callable[[], float]
    logger: logging.Logger
    _queue: WorkQueue | None = None
    _books: Mapping[str, LaneBook] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _alerts_came: asyncio.Event = field(default_factory=asyncio.Event)
    _remembered: dict[tuple[object, ...], tuple[int, queue_pb2.Evidence]] = field(default_factory=dict)

    def begin(self, queue: WorkQueue, desk: FoldDesk) -> None:
        """Say where cards are."""
        self._queue, self._books, self._lock = queue, desk.books, desk.lock

    def alerts_may_have_come(self) -> None:
        """Look at what waits, soon: what is shown may have been taken in by another process."""
        self._alerts_came.set()

    def hold(self, batch: LogsBatch, *, is_quiet: bool) -> None:
        """Take in a batch that is shown nowhere; ``is_quiet``: all of it is below WARN, and there are no events."""
        if self._taken(batch, is_quiet=is_quiet).tells_alert:
            self._alerts_came.set()

    @contextmanager
    def holding(self, batch: LogsBatch) -> Iterator[None]:
        """Take in a batch; where it is refused within, it was not there: its sender sends it again."""
        arrival = self._taken(batch)
        try:
            yield
        except (RetryableError, ShutdownError, asyncio.CancelledError):
            arrival.is_void = True
            raise
        finally:
            if arrival.tells_alert:
                self._alerts_came.set()

    async def run(self) -> None:
        """Gather for alerts that cannot be told when they should be: the lines would be gone when they can."""
        with suppress(ShutdownError):
            while True:
                await self._alerts_came.wait()
                self._alerts_came.clear()
                await asyncio.sleep(self.group_wait_s + _AFTER_THE_WAIT_S)
                for book in list(self._books.values()):
                    waiting = [entry for entry in book.entries.values() if self._is_due(book, entry)]
                    for start in range(0, len(waiting), 10):
                        await self._give(book, waiting[start : start + 10])

    async def give(self, lane: str, cards: Sequence[StoredCard]) -> bool:
        """Give alerts their evidence that are about to be told; it is stored with them then.

        Returns:
            whether there were any, so that time has passed: what waits is to be looked at again.
        """
        book = self._books.get(lane)
        entries = [book.entries.get(card.id) for card in cards] if book is not None else []
        due = [entry for entry in entries if entry is not None and _needs_evidence(entry)]
        if book is None or not due:
            return False
        await self._give(book, due)
        return True

    def _is_due(self, book: LaneBook, entry: Entry) -> bool:
        alert = entry.alert
        return alert is not None and _needs_evidence(entry) and not book.gathers_ns(alert, self._now_ns())

    async def _give(self, book: LaneBook, entries: Sequence[Entry]) -> None:
        found: dict[int, bytes] = {}
        waiting_bytes = sum(len(each.alert.evidence) for each in book.entries.values() if each.alert is not None)
        has_files_enough = waiting_bytes > _MOST_FILES_BYTES
        for entry in entries:
            if entry.alert is not None:
                evidence = await self._found(entry.alert, entry.base, book.lane)
                if has_files_enough:
                    evidence.lines = ""
                found[entry.card_id] = evidence.SerializeToString()
        try:
            async with self._lock:
                await self._store(book, [entry for entry in entries if _needs_evidence(entry)], found)
        except ShutdownError:
            raise
        except RetryableError as error:
            self.logger.warning("the storage does not take the evidence of an alert for now: %s", error)

    async def _store(self, book: LaneBook, entries: Sequence[Entry], found: Mapping[int, bytes]) -> None:
        """Write evidence to the cards that still wait."""
        if self._queue is None or not entries:
            return
        there = {card.id for card in await self._queue.find([entry.card_id for entry in entries])} - book.in_hand
        given = [
            (entry, replace(entry.alert, evidence=found[entry.card_id]))
            for entry in entries
            if entry.alert is not None and entry.card_id in there
        ]
        folds = []
        for entry, alert in given:
            payload = replace(entry, alert=alert).payload()
            folds.append(Fold(entry.card_id, payload, NewCard(book.lane, entry.priority, payload)))
        if folds:
            await self._queue.route_all({}, folds)
        for entry, alert in given:
            entry.alert = alert

    def _taken(self, batch: LogsBatch, *, is_quiet: bool = False) -> Arrival:
        now_ns = self._now_ns()
        try:
            return self.ring.take(batch, now_ns, is_quiet=is_quiet)
        except Exception as error:  # noqa: BLE001 - a batch is never refused for the sake of evidence
            self._say("records could not be kept as evidence", error)
            return Arrival(now_ns)

    def _say(self, what: str, error: Exception) -> None:
        """Log a fault of ours without its words, which may quote what is not masked."""
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else ""
        self.logger.error("%s; please report this: %s in %s", what, type(error).__name__, where)

    async def _found(self, group: AlertGroup, card: bytes, lane: str) -> queue_pb2.Evidence:
        """Return the evidence; an alert is told also where that cannot be found."""
        try:
            run = destination_of(lane) if is_sourced(lane) else ""
            return await self._gathered(group, Card.from_bytes(card).resource, run)
        except Exception as error:  # noqa: BLE001 - whatever it is
            self._say("the evidence of an alert could not be gathered", error)
            return queue_pb2.Evidence(since_unix_nano=1)

    async def _gathered(self, group: AlertGroup, resource: bytes, run: str) -> queue_pb2.Evidence:
        now_ns = self._now_ns()
        events = [*group.firing, *group.resolved]
        began_ns = min((event.started_ns for event in events if event.started_ns), default=group.opened_ns)
        since_ns = min(began_ns, group.opened_ns) - self.window_ns
        wait_ns = int(self.group_wait_s * 1e9) + _AFTERWARDS_NS
        # Of an alert that is heard of only long after it began, nothing is known from before.
        until_ns = min(now_ns, max(began_ns, group.opened_ns) + wait_ns, began_ns + self.window_ns + wait_ns)
        meant = subjects(group, attributes_to_dict(Resource.FromString(resource).attributes))
        evidence = queue_pb2.Evidence()
        evidence.CopyFrom(await self._of_subjects(meant, run, since_ns, until_ns, now_ns))
        exemplars = [each for event in events[:MOST_TRACES] for each in event.exemplars]
        traces = list(dict.fromkeys([*exemplars, *evidence.trace_ids]))[:MOST_TRACES]
        del evidence.trace_ids[:]
        evidence.trace_ids.extend(traces)
        return evidence

    async def _of_subjects(
        self, meant: Sequence[Subject], run: str, since_ns: int, until_ns: int, now_ns: int
    ) -> queue_pb2.Evidence:
        """Return what was said by those who are meant; in a storm of alerts of one service it is looked up once."""
        if not meant:
            return queue_pb2.Evidence(since_unix_nano=since_ns)
        key = (*meant, run, since_ns // _ALIKE_NS, until_ns // _ALIKE_NS)
        made_ns, remembered = self._remembered.get(key, (0, None))
        if remembered is not None and 0 <= now_ns - made_ns < _REMEMBERED_NS:
            return remembered

        def wanted(origin: Origin) -> bool:
            return origin.run == run and any(subject.is_meant(origin) for subject in meant)

        notable, others = self.ring.find(wanted, MOST_RECORDS, MOST_OTHERS)
        reader = Reader(since_ns, until_ns)
        for kept in (notable, others):
            for start in range(0, len(kept), _AT_A_TIME):
                reader.feed(kept[start : start + _AT_A_TIME])
                await asyncio.sleep(0)
        lines: list[Line] = []
        for chosen in reader.chosen():
            lines += chosen.lines(await self.masking.masked(chosen.batch))
            await asyncio.sleep(0)
        changes = self.ring.changes.between(since_ns, until_ns, wanted)
        evidence = evidence_of(reader, lines, changes, self.masking.text)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = (now_ns, evidence)
        return evidence

    def _now_ns(self) -> int:
        return int(self.wall_clock() * 1e9)


def _needs_evidence(entry: Entry) -> bool:
    """Return whether a card shows alerts that nobody was told of, and for which nobody has looked yet."""
    alert = entry.alert
    return (
        alert is not None and not alert.evidence and entry.message is None and not alert.retold and not alert.origin_ns
    )
