"""A card as records again, so that it can go on in another shard: with its count, its times, its files and its words.

The alerts of a message go on as an event each. Pure, but for reading the files.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs

from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.attachments import ATTRIBUTE
from otel_discord.exporters.discord.cards import AttachmentRef, Card
from otel_discord.exporters.discord.seen import COUNT_ATTRIBUTE, DEDUP_COUNT
from otel_discord.exporters.discord.shelf import Shelf
from otel_discord.exporters.discord.sourced.marks import Moved, mark_moved
from otel_discord.signals import LogsBatch

_COUNTS: Final = frozenset((COUNT_ATTRIBUTE, DEDUP_COUNT))


def as_it_came(card: Card) -> LogsBatch:
    """Return the record of a card that was opened for a record as it came in.

    Raises:
        DecodeError: it cannot be read.
    """
    return _batch(card, [LogRecord.FromString(card.record)])


def moved_on(card: Card, moved: Moved, shelf: Shelf) -> LogsBatch:
    """Return a card on its way to one destination of another shard.

    Raises:
        DecodeError: it cannot be read.
    """
    files, missing = _files(card.attachments, shelf)
    group = AlertGroup.from_bytes(card.alert_group)
    if group is not None:
        records = [LogRecord.FromString(member.record) for member in group.members.values()]
    else:
        records = [LogRecord.FromString(card.record)]
    _count_on(records[0], card, card.count - len(records) + 1, with_times=group is None)
    if files:
        records[0].attributes.add(key=ATTRIBUTE).value.array_value.values.extend(files)
    batch = _batch(card, records)
    told = replace(moved, notes=(*card.notes, *missing, *moved.notes), been_to=(*card.been_to, *moved.been_to))
    mark_moved(batch.request.resource_logs[0].resource, told)
    return batch


def _batch(card: Card, records: Iterable[LogRecord]) -> LogsBatch:
    of_resource = ResourceLogs()
    of_resource.resource.ParseFromString(card.resource)
    of_scope = of_resource.scope_logs.add()
    of_scope.scope.ParseFromString(card.scope)
    of_scope.log_records.extend(records)
    return LogsBatch(ExportLogsServiceRequest(resource_logs=[of_resource]))


def _count_on(record: LogRecord, card: Card, count: int, *, with_times: bool) -> None:
    """Have a record stand for so many, seen from the card's first to its last."""
    kept = [pair for pair in record.attributes if pair.key not in _COUNTS]
    del record.attributes[:]
    record.attributes.extend(kept)
    if count <= 1:
        return
    record.attributes.append(KeyValue(key=COUNT_ATTRIBUTE, value=AnyValue(int_value=count)))
    if with_times:
        record.time_unix_nano = card.first_seen_ns
        record.observed_time_unix_nano = card.last_seen_ns


def _files(refs: Sequence[AttachmentRef], shelf: Shelf) -> tuple[list[AnyValue], list[str]]:
    """Return a card's files as a record asks for them, and a word about each that is not there any more."""
    found: list[AnyValue] = []
    missing: list[str] = []
    for ref in refs:
        asked = KeyValueList()
        for key, text in (
            ("filename", ref.filename),
            ("content_type", ref.content_type),
            ("description", ref.description),
            ("path", ref.path),
        ):
            if text:
                asked.values.add(key=key).value.string_value = text
        if ref.shelf_key:
            try:
                asked.values.add(key="data").value.bytes_value = _content(ref, shelf)
            except OSError:
                missing.append(f"{ref.filename} let go under pressure")
                continue
        found.append(AnyValue(kvlist_value=asked))
    return found, missing


def _content(ref: AttachmentRef, shelf: Shelf) -> bytes:
    content = shelf.open(ref.shelf_key)
    if isinstance(content, bytes):
        return content
    with content:
        return content.read()
