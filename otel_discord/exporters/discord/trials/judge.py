"""Judges what was there each time when an exporter ended in no order several times in a row.

Each such batch and each card is handled in a process of its own first. What ends that one, twice, becomes a dead
letter; everything else goes on as always. So a crash that something causes is over after a few, and nothing is given up
that was only there: `kill -9`, however often, finds nobody guilty.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_discord.component import NewCard, StoredBatch, StoredCard, WorkQueue
from otel_discord.discord_api.outcome_types import Reason
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.cause import Cause
from otel_discord.exporters.discord.dead_letters.desk import PAGE, Bury
from otel_discord.exporters.discord.lane import patiently
from otel_discord.exporters.discord.routing import NORMAL_PRIORITY, record_severity
from otel_discord.exporters.discord.trials.ends import CALM_S, Ends
from otel_discord.exporters.discord.trials.room import CannotBeHeldError, TrialRoom
from otel_discord.exporters.discord.trials.wire import Kind, shown
from otel_discord.signals import LogsBatch

CONVICTED: Final = "tried#"
"""The lane that records pass on their way from a batch to the dead letters."""
POISON: Final = Cause(
    reason=Reason.POISON, detail="it ends the process that handles it, as was tried in one of its own"
)


@dataclass(slots=True, kw_only=True)
class Judge:
    """Of one exporter's life; idle unless lives before it ended in no order, and after a while."""

    ends: Ends
    room: TrialRoom
    queue: WorkQueue
    bury: Bury
    destination: str
    """Where the dead letters of records are booked that cannot be routed."""
    began_ns: int
    """Wall time."""
    logger: logging.Logger
    _is_over: bool = False
    _has_said_so: bool = False
    _cleared: set[tuple[int, int]] = field(default_factory=set)
    """Cards that were tried, as they are."""

    @property
    def is_on(self) -> bool:
        """Whether anything is tried."""
        return self.ends.past.suspects_until_ns is not None and not self._is_over

    def _suspects(self, accepted_ns: int) -> bool:
        """Return whether something has been there, by when it was accepted, at each of the last ends."""
        until_ns = self.ends.past.suspects_until_ns
        return self.is_on and until_ns is not None and accepted_ns <= until_ns

    async def begin(self) -> None:
        """Know how earlier lives ended; bury what the last one has convicted and not buried."""
        await self.ends.begin(self.began_ns)
        while left := await patiently(lambda: self.queue.head(CONVICTED, PAGE), self.logger, "to show what was tried"):
            await self._bury(left)

    async def run(self) -> None:
        """Wait until this life is long enough; then nothing is tried any more."""
        await asyncio.sleep(CALM_S)
        self._is_over = True
        await self.ends.calm()
        await self.room.rest()

    async def batch(self, stored: StoredBatch) -> StoredBatch:
        """Return a batch without the records that nobody outlives; those have become dead letters."""
        batch = stored.batch
        if not self._suspects(stored.accepted_ns) or not isinstance(batch, LogsBatch):
            return stored
        if not await self._kills(Kind.ROUTE, batch.request.SerializeToString(), stored.accepted_ns):
            return stored
        alone = list(_each_alone(batch))
        guilty = [each for each in alone if await self._kills(Kind.ROUTE, each.SerializeToString(), stored.accepted_ns)]
        guilty = guilty or alone  # only together
        cards = [_card(each, stored.accepted_ns) for each in guilty]
        await self._bury_records(cards)
        innocent = _without(batch, {id(each) for each in guilty}, alone)
        return StoredBatch(stored.id, innocent, stored.priority, stored.attempts, stored.accepted_ns)

    async def cards(self, destination: str, stored: Sequence[StoredCard]) -> Sequence[StoredCard]:
        """Return those of these cards that nobody outlives who shows them."""
        return [card for card in stored if await self._is_deadly(destination, card.id, card.payload)]

    async def spoils(self, destination: str, cards: Iterable[tuple[int, bytes]]) -> bool:
        """Return whether a message cannot be edited: one of its cards, given by id and as stored, is deadly."""
        for card_id, payload in cards:
            if await self._is_deadly(destination, card_id, payload):
                return True
        return False

    async def _is_deadly(self, destination: str, card_id: int, payload: bytes) -> bool:
        key = (card_id, hash(payload))
        if key in self._cleared or not self.is_on:
            return False
        try:
            accepted_ns = Card.from_bytes(payload).accepted_ns
        except DecodeError:
            return False  # whoever reads it sees that
        if not self._suspects(accepted_ns):
            return False
        if await self._kills(Kind.SHOW, shown(destination, payload)):
            return True
        self._cleared.add(key)
        return False

    async def _kills(self, kind: Kind, payload: bytes, accepted_ns: int = 0) -> bool:
        if not self._has_said_so:
            self._has_said_so = True
            self.logger.warning(
                "this exporter has ended %d times in a row without being stopped; what was there each time is tried in"
                " a process of its own first",
                self.ends.past.in_a_row,
            )
        try:
            return await self.room.kills(kind, payload, accepted_ns)
        except CannotBeHeldError:
            self._is_over = True
            return False

    async def _bury_records(self, cards: Sequence[Card]) -> None:
        new = [NewCard(CONVICTED, NORMAL_PRIORITY, card.to_bytes()) for card in cards]
        ids = await patiently(lambda: self.queue.adopt(new), self.logger, "dead letters")
        await self._bury(await patiently(lambda: self.queue.find(ids), self.logger, "to show dead letters"))

    async def _bury(self, stored: Sequence[StoredCard]) -> None:
        await patiently(lambda: self.bury(self.destination, stored, POISON), self.logger, "a dead letter")


def _each_alone(batch: LogsBatch) -> Iterator[ExportLogsServiceRequest]:
    """Yield a request for each record, in order."""
    for resource_logs in batch.request.resource_logs:
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                request = ExportLogsServiceRequest()
                resource = request.resource_logs.add(schema_url=resource_logs.schema_url)
                resource.resource.CopyFrom(resource_logs.resource)
                scope = resource.scope_logs.add(schema_url=scope_logs.schema_url)
                scope.scope.CopyFrom(scope_logs.scope)
                scope.log_records.add().CopyFrom(record)
                yield request


def _card(request: ExportLogsServiceRequest, accepted_ns: int) -> Card:
    """Return the card of a request's only record, with nothing but what was sent."""
    resource, scope, record = next(LogsBatch(request).records())
    made_ns = record.time_unix_nano or record.observed_time_unix_nano or accepted_ns
    return Card(
        resource=resource.SerializeToString(),
        scope=scope.SerializeToString(),
        record=record.SerializeToString(),
        severity=record_severity(record),
        first_seen_ns=made_ns,
        last_seen_ns=made_ns,
        accepted_ns=accepted_ns,
    )


def _without(batch: LogsBatch, guilty: set[int], alone: Sequence[ExportLogsServiceRequest]) -> LogsBatch:
    """Return a batch without some of its records; ``alone`` has each for itself, and ``guilty`` their ids."""
    copy = batch.copy()
    verdicts = iter([id(each) in guilty for each in alone])
    for resource_logs in copy.request.resource_logs:
        for scope_logs in resource_logs.scope_logs:
            kept = [record for record in scope_logs.log_records if not next(verdicts)]
            if len(kept) < len(scope_logs.log_records):
                innocent = [type(record).FromString(record.SerializeToString()) for record in kept]
                del scope_logs.log_records[:]
                scope_logs.log_records.extend(innocent)
    return copy
