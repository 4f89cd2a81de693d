"""What a message shows of evidence: a line or two, and the log lines as a file. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from google.protobuf.message import DecodeError

from otel_discord._proto import queue_pb2
from otel_discord.discord_api.models import FilePart
from otel_discord.exporters.discord.alerts.group import AlertGroup
from otel_discord.exporters.discord.evidence.found import MOST_CHANGES, MOST_PATTERNS, MOST_TRACES, PATTERN_CHARS
from otel_discord.exporters.discord.evidence_files import text_file
from otel_discord.exporters.discord.facts_values import clean, short_text
from otel_discord.exporters.discord.render_links import parse_link
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.templating.cutting import cut_middle
from otel_discord.templating.text import escape_markdown
from otel_discord.templating.wording import number, timestamp

FILE_NAME: Final = "evidence.txt"
_FILE_SIGN: Final = "📎 "
_IN_DISCORD: Final = "…"
"""In place of lines that a file of the message has."""
_NAME_CHARS: Final = 40
_SHORT_ID_CHARS: Final = 8
_LINKS_CHARS: Final = 800
"""Of addresses of traces in one message."""
_KINDS: Final = (("image", "image "), ("replicaset", "revision "), ("revision", "revision "), ("git.", "commit "))


def evidence_lines(group: AlertGroup, options: RenderOptions) -> list[str]:
    """Return what was there before the alerts began, as Markdown: at most two lines."""
    evidence = _evidence(group)
    if evidence is None:
        return []
    parts = [
        *(_change(change, options) for change in evidence.changes[:MOST_CHANGES]),
        *(_pattern(pattern) for pattern in evidence.patterns[:MOST_PATTERNS]),
        *([f"{_FILE_SIGN}{FILE_NAME}"] if _has_file(group, evidence) else []),
    ]
    return [
        *([f"before it began: {' · '.join(parts)}"] if parts else []),
        *_traces(evidence.trace_ids, group, options),
    ]


def evidence_chars(group: AlertGroup, options: RenderOptions) -> int:
    """Return how much room evidence takes, so that the alerts themselves have theirs."""
    return sum(len(line) + 1 for line in evidence_lines(group, options))


def evidence_files(group: AlertGroup) -> tuple[FilePart, ...]:
    """Return the file of the lines, where there are more than the message shows and no other message has had it."""
    evidence = _evidence(group)
    if evidence is None or not _has_file(group, evidence):
        return ()
    return (text_file(FILE_NAME, evidence.lines, "Log lines from before the alert").part,)


def without_lines(group: AlertGroup) -> AlertGroup:
    """Return the group as it is kept once a message has the file."""
    evidence = _evidence(group)
    if evidence is None or len(evidence.lines) <= len(_IN_DISCORD):
        return group
    evidence.lines = _IN_DISCORD
    return replace(group, evidence=evidence.SerializeToString())


def _evidence(group: AlertGroup) -> queue_pb2.Evidence | None:
    if not group.evidence:
        return None
    try:
        return queue_pb2.Evidence.FromString(group.evidence)
    except DecodeError:
        return None


def _has_file(group: AlertGroup, evidence: queue_pb2.Evidence) -> bool:
    return bool(evidence.lines) and not group.retold and not group.origin_ns


def _change(change: queue_pb2.Evidence.Change, options: RenderOptions) -> str:
    kind = next((word for part, word in _KINDS if part in change.what), "")
    words = short_text(f"{_cut(change.service)} {kind}{_cut(change.after)}")
    at = timestamp(change.at_unix_nano, "t") if options.timestamps else ""
    return f"deploy {escape_markdown(words)}" + (f" ({at})" if at else "")


def _pattern(pattern: queue_pb2.Evidence.Pattern) -> str:
    text = cut_middle(clean(short_text(pattern.template), 1_000), PATTERN_CHARS)
    return f'{number(pattern.count)} × "{escape_markdown(text)}"'


def _traces(trace_ids: Iterable[str], group: AlertGroup, options: RenderOptions) -> list[str]:
    """Return links, where an address is configured: an id alone leads nowhere."""
    if not options.trace_link:
        return []
    link = parse_link("trace", options.trace_link)
    lead = next(iter([*group.firing, *group.resolved]), None)
    service = str(lead.labels.get("service.name", "")) if lead is not None else ""
    shown: list[str] = []
    room = _LINKS_CHARS
    for each in list(trace_ids)[:MOST_TRACES]:
        url = link.url({"trace_id": each, "service": service})
        room -= len(url)
        if url and room >= 0:
            shown.append(f"[{each[:_SHORT_ID_CHARS]}]({url})")
    return [f"traces: {' · '.join(shown)}"] if shown else []


def _cut(text: str) -> str:
    return cut_middle(short_text(text), _NAME_CHARS)
