"""A card: one embed to be. It holds its record as OTLP bytes and is rendered as late as possible.

Bytes rather than messages, since a message keeps the whole request that it came in alive.
"""

from dataclasses import dataclass
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from otel_discord._proto import queue_pb2

SAMPLE_CHARS: Final = 200
"""So much is kept of the message of a further record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentRef:
    """A file that goes along: ``path`` in an allowed directory, or bytes on the shelf under ``shelf_key``."""

    filename: str
    content_type: str
    description: str
    size_bytes: int
    path: str = ""
    shelf_key: int = 0
    single_attempt: bool = False
    """Held beyond the memory bound: sent once, not again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLife:
    """What was known of a problem when its card was opened: other cards, in this run or before."""

    first_seen_ns: int
    last_seen_ns: int
    count: int
    first_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A log record for one destination, and how many like it it stands for.

    ``resource``, ``scope`` and ``record`` are serialised OTLP messages; times are nanoseconds since the epoch.
    """

    resource: bytes
    scope: bytes
    record: bytes
    severity: int
    first_seen_ns: int
    last_seen_ns: int
    accepted_ns: int
    count: int = 1
    fingerprint: bytes = b""
    attachments: tuple[AttachmentRef, ...] = ()
    notes: tuple[str, ...] = ()
    """Remarks for the reader, such as which attachment was refused and why."""
    been_to: tuple[str, ...] = ()
    """Destinations that it waited for before and that could not be reached; it does not go back to them."""
    routed_to: tuple[str, ...] = ()
    """Destinations that the record went to when it was routed, where they are several."""
    template: str = ""
    """The message without its variable parts (`slow shard <*>`)."""
    samples: tuple[str, ...] = ()
    """Messages of further records that differ from the first, as sent; a few."""
    past: PastLife | None = None
    no_ping: bool = False
    """Nobody is to be pinged for it: a mute says so."""
    routes: tuple[str, ...] = ()
    """Marks of the routes that the record took and that say who is pinged."""
    alert_group: bytes = b""
    """The alerts that it shows, as ``AlertGroup`` writes them; empty for other cards."""

    def parts(self) -> tuple[Resource, InstrumentationScope, LogRecord]:
        """Return the OTLP messages."""
        return (
            Resource.FromString(self.resource),
            InstrumentationScope.FromString(self.scope),
            LogRecord.FromString(self.record),
        )

    def to_bytes(self) -> bytes:
        """Return the card as it waits in its lane."""
        return queue_pb2.Card(
            resource=self.resource,
            scope=self.scope,
            record=self.record,
            severity=self.severity,
            count=self.count,
            first_seen_unix_nano=self.first_seen_ns,
            last_seen_unix_nano=self.last_seen_ns,
            accepted_unix_nano=self.accepted_ns,
            fingerprint=self.fingerprint,
            attachments=[
                queue_pb2.AttachmentRef(
                    filename=ref.filename,
                    content_type=ref.content_type,
                    description=ref.description,
                    size_bytes=ref.size_bytes,
                    path=ref.path,
                    shelf_key=ref.shelf_key,
                    single_attempt=ref.single_attempt,
                )
                for ref in self.attachments
            ],
            notes=self.notes,
            been_to=self.been_to,
            routed_to=self.routed_to,
            template=self.template,
            samples=self.samples,
            past=None
            if self.past is None
            else queue_pb2.PastLife(
                first_seen_unix_nano=self.past.first_seen_ns,
                last_seen_unix_nano=self.past.last_seen_ns,
                count=self.past.count,
                first_version=self.past.first_version,
            ),
            no_ping=self.no_ping,
            routes=self.routes,
            alert_group=self.alert_group,
        ).SerializeToString()

    @classmethod
    def from_bytes(cls, payload: bytes) -> "Card":
        """Return the card of a lane's payload."""
        stored = queue_pb2.Card.FromString(payload)
        return cls(
            resource=stored.resource,
            scope=stored.scope,
            record=stored.record,
            severity=stored.severity,
            count=stored.count,
            first_seen_ns=stored.first_seen_unix_nano,
            last_seen_ns=stored.last_seen_unix_nano,
            accepted_ns=stored.accepted_unix_nano,
            fingerprint=stored.fingerprint,
            attachments=tuple(
                AttachmentRef(
                    filename=ref.filename,
                    content_type=ref.content_type,
                    description=ref.description,
                    size_bytes=ref.size_bytes,
                    path=ref.path,
                    shelf_key=ref.shelf_key,
                    single_attempt=ref.single_attempt,
                )
                for ref in stored.attachments
            ),
            notes=tuple(stored.notes),
            been_to=tuple(stored.been_to),
            routed_to=tuple(stored.routed_to),
            template=stored.template,
            samples=tuple(stored.samples),
            past=None
            if not stored.HasField("past")
            else PastLife(
                first_seen_ns=stored.past.first_seen_unix_nano,
                last_seen_ns=stored.past.last_seen_unix_nano,
                count=stored.past.count,
                first_version=stored.past.first_version,
            ),
            no_ping=stored.no_ping,
            routes=tuple(stored.routes),
            alert_group=stored.alert_group,
        )
