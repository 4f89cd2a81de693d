"""What is told of lines: how often each kind of message came, which traces they belong to, and a file of them. Pure."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from otel_discord._proto import queue_pb2
from otel_discord.exporters.discord.evidence.changes import Change
from otel_discord.exporters.discord.evidence.lines import Line, Reader, templates
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.signals import Severity, severity_range

MAX_FILE_BYTES: Final = 32 * 1024
MOST_PATTERNS: Final = 3
MOST_CHANGES: Final = 2
PATTERN_CHARS: Final = 80
"""Of a pattern that are shown."""
MOST_TRACES: Final = 3
_HEADING_BYTES: Final = 200


def evidence_of(
    reader: Reader, lines: Sequence[Line], changes: Sequence[Change], mask_text: Callable[[str], str]
) -> queue_pb2.Evidence:
    """Return the evidence.

    Args:
        reader: what was counted.
        lines: those of it that were masked, by time.
        changes: the newest first, not masked.
        mask_text: masks names and versions.
    """
    notable = [line for line in lines if line.severity >= Severity.WARN]
    shown = _patterns(reader, lines, mask_text)[:MOST_PATTERNS]
    says_all = reader.total <= len(shown) and all(len(each.template) <= PATTERN_CHARS for each in shown)
    return queue_pb2.Evidence(
        patterns=shown,
        changes=[_told(change, mask_text) for change in changes[:MOST_CHANGES]],
        trace_ids=_trace_ids(notable or lines),
        lines="" if says_all else _file(lines, reader.total, mask_text),
        since_unix_nano=reader.since_ns,
    )


def _patterns(
    reader: Reader, lines: Sequence[Line], mask_text: Callable[[str], str]
) -> list[queue_pb2.Evidence.Pattern]:
    """Return the kinds of messages, the most telling first; what looks the same once it is masked is one."""
    names_services = len({kind.service for kind in reader.counts}) > 1
    known = templates(lines)
    patterns: dict[str, queue_pb2.Evidence.Pattern] = {}
    for kind in reader.kinds():
        template = known.get(kind, "")
        if not template:
            continue
        if names_services and kind.service:
            template = f"{mask_text(kind.service)}: {template}"
        pattern = patterns.setdefault(template, queue_pb2.Evidence.Pattern(template=template))
        count = reader.counts[kind]
        pattern.count += count.records
        pattern.severity = max(pattern.severity, count.severity)
        pattern.last_unix_nano = max(pattern.last_unix_nano, count.last_ns)
    return list(patterns.values())


def _trace_ids(lines: Sequence[Line]) -> list[str]:
    worst_first = sorted((line for line in lines if line.trace_id), key=lambda line: (-line.severity, -line.at_ns))
    return list(dict.fromkeys(line.trace_id for line in worst_first))[:MOST_TRACES]


def _told(change: Change, mask_text: Callable[[str], str]) -> queue_pb2.Evidence.Change:
    return queue_pb2.Evidence.Change(
        what=mask_text(change.what),
        before=mask_text(change.before),
        after=mask_text(change.after),
        at_unix_nano=change.at_ns,
        service=mask_text(change.origin.label),
    )


def _file(lines: Sequence[Line], total: int, mask_text: Callable[[str], str]) -> str:
    """Return lines as a text of at most 32 KiB: those from WARN on before others, the newest before older ones."""
    names = {service: mask_text(service) for service in {line.service for line in lines}}
    room_bytes = MAX_FILE_BYTES - _HEADING_BYTES
    kept: list[tuple[int, str]] = []
    newest_first = list(enumerate(lines))[::-1]
    for place, line in sorted(newest_first, key=lambda item: item[1].severity < Severity.WARN):
        written = _written(line, names[line.service])
        room_bytes -= len(written.encode("utf-8", "replace")) + 1
        if room_bytes < 0:
            break
        kept.append((place, written))
    kept.sort()
    left_out = total - len(kept)
    heading = [f"… {left_out:,} more lines were there; those from WARN on and the newest are kept"] if left_out else []
    return "\n".join([*heading, *(written for _, written in kept)]) + "\n"


def _written(line: Line, service: str) -> str:
    seconds, rest_ns = divmod(line.at_ns, 10**9)
    try:
        time = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") + f".{rest_ns // 10**6:03}Z"
    except (ValueError, OverflowError, OSError):
        time = "-"
    trace = f"  trace={line.trace_id}" if line.trace_id else ""
    return f"{time} {severity_range(line.severity).name:5} {short_text(service, 100) or '-'}  {line.text}{trace}"
