"""Kept records as lines: what is the same is masked and counted once. Pure, but for masking, which is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.evidence.ring import Kept
from otel_discord.exporters.discord.facts_body import body_facts
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.mining import problem_text
from otel_discord.signals import LogsBatch, find_attribute
from otel_discord.signals.alert_event import is_alert
from otel_discord.templating.cutting import cut_middle

MAX_LINE_CHARS: Final = 300
MOST_TEXTS: Final = 1_000
"""Different ones of those looked at, the newest; beyond that lines are counted nowhere."""
_EXCEPTION: Final = ("exception.type", "exception.message")


@dataclass(frozen=True, slots=True)
class Line:
    """One record; ``text`` is masked, of one line, and plain."""

    at_ns: int
    severity: int
    service: str
    text: str
    trace_id: str = ""


@dataclass(slots=True)
class Reading:
    """Kept records, and the few different records among them that have to be masked: ``batch``."""

    batch: LogsBatch
    _rows: list[tuple[int, Kept, str, int]] = field(default_factory=list)

    def lines(self, masked: LogsBatch) -> list[Line]:
        """Return the lines in the order of their times, once ``batch`` was masked."""
        texts = [_text_of(record) for _, _, record in masked.records()]
        found = [
            Line(at_ns, kept.severity, kept.origin.label, texts[place], trace_id)
            for at_ns, kept, trace_id, place in self._rows
            if texts[place]
        ]
        return sorted(reversed(found), key=lambda line: line.at_ns)


def read(kept: Sequence[Kept], since_ns: int, until_ns: int) -> Reading:
    """Return the records of a time, by their own clocks where they say; alerts are no lines."""
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    reading = Reading(LogsBatch(request))
    places: dict[tuple[str | bytes, ...], int] = {}
    for each in reversed(kept):
        try:
            record = LogRecord.FromString(each.record)
        except DecodeError:  # nested too deeply, by a client in this process
            continue
        at_ns = record.time_unix_nano or record.observed_time_unix_nano or each.arrival.at_ns
        if not since_ns <= at_ns <= until_ns or is_alert(record):
            continue
        bare = _bare(record)
        key = (record.body.string_value or bare.body.SerializeToString(), bare.event_name, _exception_key(bare))
        place = places.get(key)
        if place is None:
            if len(places) >= MOST_TEXTS:
                continue
            place = places[key] = len(places)
            records.append(bare)
        trace_id = record.trace_id.hex() if len(record.trace_id) == 16 and any(record.trace_id) else ""
        reading._rows.append((at_ns, each, trace_id, place))  # noqa: SLF001 - its own
    return reading


def _bare(record: LogRecord) -> LogRecord:
    """Return what of a record becomes text."""
    bare = LogRecord(event_name=record.event_name)
    if record.HasField("body"):
        bare.body.CopyFrom(record.body)
    bare.attributes.extend(pair for pair in record.attributes if pair.key in _EXCEPTION)
    return bare


def _exception_key(bare: LogRecord) -> bytes:
    return b"\x00".join(pair.SerializeToString() for pair in bare.attributes)


def _text_of(record: LogRecord) -> str:
    text = short_text(problem_text(body_facts(record.body).text)) or short_text(record.event_name)
    kind, message = (short_text(find_attribute(record.attributes, key) or "") for key in _EXCEPTION)
    exception = ": ".join(part for part in (kind, message) if part)
    if exception and exception not in text:
        text = f"{text} · {exception}" if text and message not in text else f"{text} · {kind}" if text else exception
    return cut_middle(text, MAX_LINE_CHARS)
