"""Kept records as lines: all are counted by their kind, the few that are shown are masked. Pure.

What is masked is whole messages; templates are made of masked ones alone, since half a secret is not known for one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.evidence.ring import EXCEPTION, Kept
from otel_discord.exporters.discord.facts_body import body_facts
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.mining import Miner, problem_text
from otel_discord.exporters.discord.routing import record_severity
from otel_discord.signals import LogsBatch, Severity, find_attribute
from otel_discord.signals.alert_event import is_alert
from otel_discord.templating.cutting import cut_middle

MAX_LINE_CHARS: Final = 300
SHOWN_LINES: Final = 350
SHOWN_OTHERS: Final = 150
"""As many are masked for a file: from WARN on, and others."""
_AT_ONCE: Final = 100
_KINDS: Final = 8
"""The most frequent ones, of which samples are masked."""
_SAMPLES: Final = 5


class Kind(NamedTuple):
    """What records have in common that are counted together: whose they are, and a group of the miner."""

    service: str
    group: str


@dataclass(frozen=True, slots=True)
class Line:
    """One record; ``text`` is masked, of one line, and plain."""

    at_ns: int
    severity: int
    service: str
    kind: Kind
    text: str
    trace_id: str = ""


@dataclass(slots=True)
class Count:
    """How many records of a kind there are, how bad, and when the last one was."""

    records: int = 0
    severity: int = 0
    last_ns: int = 0

    @property
    def is_notable(self) -> bool:
        """Whether it is WARN or above."""
        return self.severity >= Severity.WARN


class _Row(NamedTuple):
    at_ns: int
    severity: int
    kept: Kept
    kind: Kind


@dataclass(slots=True)
class Reader:
    """Reads the kept records of a time, by their own clocks where they say; alerts are no lines."""

    since_ns: int
    until_ns: int
    counts: dict[Kind, Count] = field(default_factory=dict)
    _rows: list[_Row] = field(default_factory=list)
    _miner: Miner = field(default_factory=Miner)

    def feed(self, kept: Iterable[Kept]) -> None:
        """Count some."""
        for each in kept:
            record = _parsed(each)
            if record is None:
                continue
            at_ns = record.time_unix_nano or record.observed_time_unix_nano or each.arrival.at_ns
            if not self.since_ns <= at_ns <= self.until_ns or is_alert(record):
                continue
            kind = Kind(each.origin.label, self._miner.match(_raw_text(record)).group)
            count = self.counts.get(kind)
            if count is None:
                count = self.counts[kind] = Count()
            severity = record_severity(record)
            count.records += 1
            count.severity = max(count.severity, severity)
            count.last_ns = max(count.last_ns, at_ns)
            self._rows.append(_Row(at_ns, severity, each, kind))

    @property
    def total(self) -> int:
        """How many lines there are."""
        return len(self._rows)

    def chosen(self) -> "list[Chosen]":
        """Return what is to be masked, some at a time: the newest lines, and samples of kinds that may be shown."""
        self._rows.sort(key=lambda row: row.at_ns)
        left = [SHOWN_LINES, SHOWN_OTHERS]
        samples = Counter(dict.fromkeys(self.kinds()[:_KINDS], _SAMPLES))
        rows: list[_Row] = []
        for row in reversed(self._rows):
            is_other = row.severity < Severity.WARN
            if left[is_other] or samples[row.kind] > 0:
                left[is_other] = max(0, left[is_other] - 1)
                samples[row.kind] -= 1
                rows.append(row)
        rows.reverse()
        return [Chosen(rows[start : start + _AT_ONCE]) for start in range(0, len(rows), _AT_ONCE)]

    def kinds(self) -> list[Kind]:
        """Return the kinds: those from WARN on alone where there are any; the most frequent, worst, last first."""
        counts = self.counts
        kinds = [kind for kind, count in counts.items() if count.is_notable] or list(counts)
        return sorted(kinds, key=lambda kind: (-counts[kind].records, -counts[kind].severity, -counts[kind].last_ns))


class Chosen:
    """Some of the records, the oldest first, in ``batch`` as far as they become text."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self._rows = rows
        request = ExportLogsServiceRequest()
        records = request.resource_logs.add().scope_logs.add().log_records
        for row in rows:
            records.append(_bare(_parsed(row.kept) or LogRecord()))
        self.batch = LogsBatch(request)

    def lines(self, masked: LogsBatch) -> list[Line]:
        """Return the lines, once ``batch`` was masked."""
        return [
            Line(row.at_ns, row.severity, row.kept.origin.label, row.kind, text, _trace_id(row.kept))
            for row, (_, _, record) in zip(self._rows, masked.records(), strict=True)
            if (text := text_of(record))
        ]


def templates(lines: Sequence[Line]) -> Mapping[Kind, str]:
    """Return what lines of a kind have in common, of masked lines; the line itself where all are the same."""
    texts: dict[Kind, list[str]] = {}
    for line in lines:
        of_kind = texts.setdefault(line.kind, [])
        if line.text not in of_kind[-_SAMPLES:]:
            of_kind.append(line.text)
    return {kind: _template(of_kind[-_SAMPLES:]) for kind, of_kind in texts.items()}


def text_of(record: LogRecord) -> str:
    """Return a record as one line."""
    text = short_text(problem_text(body_facts(record.body).text)) or short_text(record.event_name)
    kind, message = (short_text(find_attribute(record.attributes, key) or "") for key in EXCEPTION)
    if message and message not in text:
        text = " · ".join(part for part in (text, f"{kind}: {message}" if kind else message) if part)
    elif kind and kind not in text:
        text = " · ".join(part for part in (text, kind) if part)
    return cut_middle(text, MAX_LINE_CHARS)


def _template(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    miner = Miner()
    for text in texts:
        miner.match(text)
    return Counter(miner.match(text).template for text in texts).most_common(1)[0][0]


def _raw_text(record: LogRecord) -> str:
    """Return what tells the kind of a record."""
    text = record.body.string_value
    if text and text[0] != "{" and not any(pair.key in EXCEPTION for pair in record.attributes):
        return text
    return text_of(record)


def _bare(record: LogRecord) -> LogRecord:
    """Return what of a record becomes text."""
    bare = LogRecord(event_name=record.event_name)
    if record.HasField("body"):
        bare.body.CopyFrom(record.body)
    bare.attributes.extend(pair for pair in record.attributes if pair.key in EXCEPTION)
    return bare


def _parsed(kept: Kept) -> LogRecord | None:
    try:
        return LogRecord.FromString(kept.record)
    except DecodeError:  # nested too deeply, by a client in this process
        return None


def _trace_id(kept: Kept) -> str:
    record = _parsed(kept)
    return record.trace_id.hex() if record and len(record.trace_id) == 16 and any(record.trace_id) else ""
