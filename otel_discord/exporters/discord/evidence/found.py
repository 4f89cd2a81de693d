"""What is told of lines: how often each kind of message came, which traces they belong to, and a file of them. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from otel_discord._proto import queue_pb2
from otel_discord.exporters.discord.evidence.changes import Change
from otel_discord.exporters.discord.evidence.lines import Line
from otel_discord.exporters.discord.facts_values import short_text
from otel_discord.exporters.discord.mining import Miner
from otel_discord.signals import Severity, severity_range

MAX_FILE_BYTES: Final = 32 * 1024
MOST_PATTERNS: Final = 3
MOST_CHANGES: Final = 2
MOST_TRACES: Final = 3
_HEADING_BYTES: Final = 200


def evidence_of(
    lines: Sequence[Line], changes: Sequence[Change], since_ns: int, mask_text: Callable[[str], str]
) -> queue_pb2.Evidence:
    """Return the evidence.

    Args:
        lines: masked, by time.
        changes: the newest first, not masked.
        since_ns: from when on lines were looked for.
        mask_text: masks names and versions.
    """
    notable = [line for line in lines if line.severity >= Severity.WARN]
    services = Counter(line.service for line in lines)
    patterns = _patterns(notable or lines, names_services=len(services) > 1, mask_text=mask_text)
    shown = patterns[:MOST_PATTERNS]
    return queue_pb2.Evidence(
        patterns=shown,
        changes=[_told(change, mask_text) for change in changes[:MOST_CHANGES]],
        trace_ids=_trace_ids(notable or lines),
        lines=_file(notable, lines, mask_text) if len(lines) > len(shown) else "",
        since_unix_nano=since_ns,
    )


def _patterns(
    lines: Sequence[Line], *, names_services: bool, mask_text: Callable[[str], str]
) -> list[queue_pb2.Evidence.Pattern]:
    """Return the kinds of messages: those from WARN on first, then the most frequent, then the worst, then the last."""
    miner = Miner()
    for line in lines:
        miner.match(line.text)
    counted: dict[tuple[str, str], queue_pb2.Evidence.Pattern] = {}
    for line in lines:  # again: templates become more general while they are learnt
        group, template = miner.match(line.text)
        key = (line.service if names_services else "", group)
        pattern = counted.get(key)
        if pattern is None:
            pattern = counted[key] = queue_pb2.Evidence.Pattern(template=line.text)
        elif pattern.template != line.text:
            pattern.template = template
        pattern.count += 1
        pattern.severity = max(pattern.severity, line.severity)
        pattern.last_unix_nano = max(pattern.last_unix_nano, line.at_ns)
    for (service, _), pattern in counted.items():
        if service:
            pattern.template = f"{mask_text(service)}: {pattern.template}"
    return sorted(
        counted.values(),
        key=lambda each: (each.severity < Severity.WARN, -each.count, -each.severity, -each.last_unix_nano),
    )


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


def _file(notable: Sequence[Line], lines: Sequence[Line], mask_text: Callable[[str], str]) -> str:
    """Return the lines as a text of at most 32 KiB: those from WARN on before others, the newest before older ones."""
    names = {service: mask_text(service) for service in {line.service for line in lines}}
    room_bytes = MAX_FILE_BYTES - _HEADING_BYTES
    kept: list[tuple[int, int, str]] = []
    places = {id(line): place for place, line in enumerate(lines)}
    others = [line for line in lines if line.severity < Severity.WARN]
    for group in (notable, others):
        for line in reversed(group):
            written = _written(line, names[line.service])
            room_bytes -= len(written.encode("utf-8", "replace")) + 1
            if room_bytes < 0:
                break
            kept.append((line.at_ns, places[id(line)], written))
        if room_bytes < 0:
            break
    kept.sort()
    left_out = len(lines) - len(kept)
    heading = [f"… {left_out:,} more lines were there; those from WARN on and the newest are kept"] if left_out else []
    return "\n".join([*heading, *(written for _, _, written in kept)]) + "\n"


def _written(line: Line, service: str) -> str:
    seconds, rest_ns = divmod(line.at_ns, 10**9)
    try:
        time = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") + f".{rest_ns // 10**6:03}Z"
    except (ValueError, OverflowError, OSError):
        time = "-"
    trace = f"  trace={line.trace_id}" if line.trace_id else ""
    return f"{time} {severity_range(line.severity).name:5} {short_text(service, 100) or '-'}  {line.text}{trace}"
