"""A batch becomes cards in lanes: routing, and taking the attachments off the records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.component import NewCard
from otel_discord.exporters.discord.attachments import ATTRIBUTE, Requested, requested_attachments
from otel_discord.exporters.discord.cards import AttachmentRef, Card
from otel_discord.exporters.discord.routing import Router, record_severity
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.signals import LogsBatch, to_plain


@dataclass(frozen=True, slots=True)
class Routed:
    """The cards of a batch, and what was wrong with attachments, for the log."""

    cards: list[NewCard] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CardMaker:
    """Turns batches into cards. ``accepted_ns`` is wall time, for display."""

    router: Router
    shelf: Shelf
    allowed_directories: Sequence[Path]
    max_file_bytes: int

    def route(self, batch: LogsBatch, accepted_ns: int, routed: Routed) -> Iterator[None]:
        """Add a card for each record and destination to ``routed``, in order; stop after each record for others."""
        floor = self.router.floor
        for resource_logs in batch.request.resource_logs:
            resource = b""
            for scope_logs in resource_logs.scope_logs:
                scope = b""
                for record in scope_logs.log_records:
                    severity = record_severity(record)
                    if severity < floor:
                        continue
                    lanes = self.router.route(severity)
                    if not lanes:
                        continue
                    resource = resource or resource_logs.resource.SerializeToString()
                    scope = scope or scope_logs.scope.SerializeToString()
                    names = [item.name for item in lanes]
                    record, attachments, notes = self._take_attachments(record, names)
                    routed.complaints.extend(notes)
                    seen_ns = record.time_unix_nano or record.observed_time_unix_nano or accepted_ns
                    card = Card(
                        resource=resource,
                        scope=scope,
                        record=record.SerializeToString(),
                        severity=severity,
                        first_seen_ns=seen_ns,
                        last_seen_ns=seen_ns,
                        accepted_ns=accepted_ns,
                        attachments=attachments,
                        notes=notes,
                        routed_to=tuple(names) if len(names) > 1 else (),
                    )
                    payload = card.to_bytes()
                    priority = self.router.priority(severity)
                    routed.cards.extend(NewCard(name, priority, payload) for name in names)
                    yield

    def _take_attachments(
        self, record: LogRecord, lanes: Sequence[str]
    ) -> tuple[LogRecord, tuple[AttachmentRef, ...], tuple[str, ...]]:
        wanted = [pair for pair in record.attributes if pair.key == ATTRIBUTE]
        if not wanted:
            return record, (), ()
        bare = LogRecord()
        bare.CopyFrom(record)
        rest: list[KeyValue] = [pair for pair in record.attributes if pair.key != ATTRIBUTE]
        del bare.attributes[:]
        bare.attributes.extend(rest)
        asked = requested_attachments(to_plain(wanted[-1].value), self.allowed_directories, self.max_file_bytes)
        held = tuple(self._hold(item, lanes) for item in asked if not item.refused)
        return bare, held, tuple(f"{item.filename} {item.refused}" for item in asked if item.refused)

    def _hold(self, item: Requested, lanes: Sequence[str]) -> AttachmentRef:
        key, single_attempt = self.shelf.put(item.data, lanes) if item.data is not None else (0, False)
        return AttachmentRef(
            filename=item.filename,
            content_type=item.content_type,
            description=item.description,
            size_bytes=len(item.data or b""),
            path=item.path,
            shelf_key=key,
            single_attempt=single_attempt,
        )
