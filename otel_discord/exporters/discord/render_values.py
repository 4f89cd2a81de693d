"""The names that templates use, and their values for one card. Pure functions.

Values are plain text that is escaped where a template prints it; those that are Markdown already say so by their type.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from otel_discord.discord_api.models import FilePart
from otel_discord.exporters.discord.cards import Card
from otel_discord.exporters.discord.evidence_files import EvidenceFile, text_file
from otel_discord.exporters.discord.evidence_text import Excerpt, trim_trace
from otel_discord.exporters.discord.facts import RecordFacts
from otel_discord.exporters.discord.facts_trace import parse_trace
from otel_discord.exporters.discord.facts_values import clean_value, short_text
from otel_discord.exporters.discord.render_folded import (
    count_mark,
    differing_samples,
    history,
    messages_told,
    new_mark,
    seen,
)
from otel_discord.exporters.discord.render_lines import few_lines, fitted_title
from otel_discord.exporters.discord.render_links import RUNBOOK_KEYS, LinkTemplate, address_of
from otel_discord.exporters.discord.render_options import RenderOptions
from otel_discord.exporters.discord.render_severity import severity_color, severity_emoji
from otel_discord.templating.cutting import cut_end, cut_middle
from otel_discord.templating.lookup import Lookup
from otel_discord.templating.text import Markdown
from otel_discord.templating.wording import timestamp

TRACE_FILE: Final = "trace.txt"
_RUNBOOK: Final = "runbook"
MESSAGE_FILE: Final = "message.txt"
_MIN_TRACE_CHARS: Final = 120
_WHERE_CHARS: Final = 165
"""About what the lines with service, environment, place, times and past take, also when the card is folded later."""
_MARKS_CHARS: Final = 48
"""About what else is on a card: the emoji, the count, a fence, `also`, a mark that it is sent again."""

NAMES: Final = frozenset(
    (
        "attr", "attributes", "body", "color", "count", "count_mark", "dropped_attributes_count", "emoji",
        "environment", "event_name", "exception_message", "exception_type", "files", "first_seen", "footer",
        "history", "host", "last_seen", "late_mark", "link_line", "links", "location", "namespace", "new_mark",
        "notes", "pairs", "repeated_mark", "resource", "resource_attr", "run", "samples", "scope", "scope_version",
        "seen", "service", "service_version", "severity", "severity_number", "span_id", "time", "title", "trace",
        "trace_id", "trace_language", "when",
    )
)  # fmt: skip
"""What a template may use; templates are checked against it when they are loaded."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a record the values hold: the `limits` of a template file. 0 shows nothing of it."""

    title_chars: int = 200
    body_chars: int = 200
    body_lines: int = 4
    trace_chars: int = 0
    attributes: int = 4
    attribute_chars: int = 48
    attributes_chars: int = 140
    """Of all pairs on their one line."""
    resource_attributes: int = 0
    samples: int = 3
    """Messages of further records, where they differ."""
    sample_chars: int = 60
    card_chars: int = 590
    """Of the whole card without its links: ten such cards fit in one message."""

    @classmethod
    def of(cls, limits: Mapping[str, int]) -> "Limits":
        """Return the limits that a template file sets.

        Raises:
            ValueError: it sets one that does not exist.
        """
        try:
            return cls(**limits)
        except TypeError:
            unknown = sorted(set(limits) - set(cls.__dataclass_fields__))
            raise ValueError(f"unknown limit '{unknown[0]}'; known are {', '.join(cls.__dataclass_fields__)}") from None


@dataclass(frozen=True, slots=True)
class CardValues:
    """Values for a template, and the files that hold what they had to cut."""

    values: dict[str, Any]
    files: tuple[FilePart, ...]
    link_chars: int


def card_values(
    card: Card,
    facts: RecordFacts,
    options: RenderOptions,
    limits: Limits,
    links: Sequence[LinkTemplate],
    *,
    repeated: bool = False,
    late: str = "",
    notes: Sequence[str] = (),
    run: str = "",
) -> CardValues:
    """Return the values of one card."""
    what = " ".join(facts.title.split())
    title = fitted_title(what, limits.title_chars)
    body = few_lines(facts.body, limits.body_lines, limits.body_chars)
    pairs = _pairs(facts, limits)
    told = len(title) + len(body.text) + sum(len(name) + len(value) + 3 for name, value in pairs)
    trace = _trace(facts, options, limits, told)
    files = _files(facts, trace, message_is_cut=title != what or body.is_cut)
    remarks = (
        facts.source.service, facts.source.environment, facts.location, seen(card), new_mark(card), history(card),
        *(file.label for file in files), *notes, late, run,
    )  # fmt: skip
    samples = differing_samples(
        card,
        (what, *messages_told(facts)) if card.count > 1 else (),
        most=limits.samples,
        max_chars=limits.sample_chars,
        room=limits.card_chars - told - len(trace.text) - sum(len(each) + 3 for each in remarks) - _MARKS_CHARS,
    )
    shown_links = _links(facts, links, runbook=bool(options.runbook_link))
    link_line = Markdown(" · ".join(f"[{link['name']}]({link['url']})" for link in shown_links))
    source = facts.source if options.resource else None
    time = facts.time_unix_ns if options.timestamps else 0
    values: dict[str, Any] = {
        "emoji": severity_emoji(facts.severity_number) if options.emoji else "",
        "color": severity_color(facts.severity_number),
        "severity": facts.severity_label,
        "severity_number": facts.severity_number,
        "count": card.count,
        "count_mark": count_mark(card),
        "title": title,
        "body": body.text,
        "pairs": pairs,
        "attributes": [
            {"key": attribute.key, "name": attribute.name, "value": cut_middle(attribute.value, limits.attribute_chars)}
            for attribute in facts.attributes[: limits.attributes]
        ],
        "dropped_attributes_count": facts.dropped_attributes_count,
        "trace": trace.text,
        "trace_language": facts.exception.trace.language if facts.exception and facts.exception.trace else "",
        "exception_type": facts.exception.type if facts.exception else "",
        "exception_message": facts.exception.message if facts.exception else "",
        "location": facts.location,
        "event_name": "" if _names_only_what(facts.event_name, what) else facts.event_name,
        "trace_id": facts.trace_id,
        "span_id": facts.span_id,
        "scope": facts.scope_name,
        "scope_version": facts.scope_version,
        "service": cut_end(source.service, 60) if source else "",
        "service_version": cut_end(source.service_version, 40) if source else "",
        "namespace": cut_end(source.namespace, 60) if source else "",
        "environment": cut_end(source.environment, 40) if source else "",
        "host": cut_end(source.host, 80) if source else "",
        "resource": _resource(facts, limits) if source else [],
        "time": time,
        "when": Markdown(timestamp(time)) if card.count == 1 else "",
        "first_seen": card.first_seen_ns if options.timestamps else 0,
        "last_seen": card.last_seen_ns if options.timestamps else 0,
        "seen": seen(card) if options.timestamps else "",
        "samples": samples,
        "new_mark": new_mark(card),
        "history": history(card, timestamps=options.timestamps),
        "links": shown_links,
        "link_line": link_line,
        "files": [file.label for file in files],
        "notes": [short_text(note, 160) for note in notes[:5]],
        "footer": options.footer,
        "late_mark": late,
        "repeated_mark": options.repeated_mark if repeated else "",
        "run": run,
        "attr": Lookup(facts.all_attributes, clean_value),
        "resource_attr": Lookup(source.attributes if source else {}, clean_value),
    }
    return CardValues(values, tuple(file.part for file in files), len(link_line))


def _names_only_what(event_name: str, title: str) -> bool:
    """Return whether an event's name says no more than the title: ``slow: GET /checkout``."""
    _, colon, subject = event_name.partition(": ")
    return bool(colon) and subject in title


def _pairs(facts: RecordFacts, limits: Limits) -> list[tuple[str, str]]:
    """Return the entries for the line of pairs: those of a structured body first, while the line has room."""
    candidates = list(facts.body_pairs)
    seen = {name for name, _ in candidates}
    candidates += [
        ("" if attribute.is_sentence else attribute.name, attribute.value)
        for attribute in facts.attributes[: 2 * limits.attributes]
        if attribute.name not in seen
    ]
    pairs: list[tuple[str, str]] = []
    room = limits.attributes_chars
    for name, value in candidates:
        if len(pairs) == limits.attributes:
            break
        shown = (cut_middle(name, 40), cut_middle(value, limits.attribute_chars))
        cost = len(shown[0]) + len(shown[1]) + 3
        if cost <= room:
            pairs.append(shown)
            room -= cost
    return pairs


def _trace(facts: RecordFacts, options: RenderOptions, limits: Limits, told_chars: int) -> Excerpt:
    """Return the excerpt of the stack trace; it takes the room that the rest of the card leaves."""
    exception = facts.exception
    if exception is None or exception.trace is None or not options.stack_traces or not limits.trace_chars:
        return Excerpt("", is_cut=False)
    room = max(_MIN_TRACE_CHARS, min(limits.trace_chars, limits.card_chars - told_chars - _WHERE_CHARS))
    excerpt = _remembered_excerpt(exception.trace_text, room)
    is_whole = not excerpt.is_cut and len(exception.whole_trace) <= len(exception.trace_text) + 64
    return Excerpt(excerpt.text, not is_whole)


@lru_cache(maxsize=256)
def _remembered_excerpt(trace_text: str, limit: int) -> Excerpt:
    """Exceptions repeat, and reading a trace is the dearest part of a card."""
    return trim_trace(parse_trace(trace_text), trace_text, limit)


def _files(facts: RecordFacts, trace: Excerpt, *, message_is_cut: bool) -> tuple[EvidenceFile, ...]:
    """Return the whole of what was cut: one file for a stack trace, one for a message."""
    files = []
    exception = facts.exception
    if trace.is_cut and exception is not None:
        files.append(text_file(TRACE_FILE, exception.whole_trace, f"Stack trace of {facts.title}"))
    if message_is_cut:
        whole = facts.whole_message
        if exception is not None and (len(exception.whole_message) > len(whole) or not whole):
            in_trace_file = trace.is_cut and exception.whole_message in exception.whole_trace
            whole = "" if in_trace_file else exception.whole_message
        if whole and not (exception is not None and whole == exception.whole_trace):
            files.append(text_file(MESSAGE_FILE, whole, f"Whole text of {facts.title}"))
    return tuple(files)


def _links(facts: RecordFacts, links: Sequence[LinkTemplate], *, runbook: bool) -> list[dict[str, str]]:
    own = _own_runbook(facts) if runbook else ""
    shown = [link for link in _configured_links(facts, links) if not (own and link["name"] == _RUNBOOK)]
    return [*shown, {"name": _RUNBOOK, "url": own}] if own else shown


def _own_runbook(facts: RecordFacts) -> str:
    """Return the address of the record's own runbook, "" where it names none."""
    return next((url for key in RUNBOOK_KEYS if (url := address_of(facts.all_attributes.get(key)))), "")


def _configured_links(facts: RecordFacts, links: Sequence[LinkTemplate]) -> list[dict[str, str]]:
    if not links:
        return []
    source = facts.source
    values = {
        "trace_id": facts.trace_id,
        "span_id": facts.span_id,
        "service": source.service,
        "environment": source.environment,
        "namespace": source.namespace,
        "host": source.host,
        "severity": facts.severity_name,
        "event_name": facts.event_name,
        "scope": facts.scope_name,
        "time_ms": str(facts.time_unix_ns // 1_000_000) if facts.time_unix_ns else "",
    }
    shown = [{"name": link.name, "url": link.url(values)} for link in links]
    return [link for link in shown if link["url"]]


def _resource(facts: RecordFacts, limits: Limits) -> list[dict[str, str]]:
    """Return the resource's attributes for people; what SDKs say about themselves is left out."""
    shown: list[dict[str, str]] = []
    for key, value in facts.source.attributes.items():
        if len(shown) == limits.resource_attributes:
            break
        if not key.startswith(("telemetry.", "process.")):
            text = short_text(value, limits.attribute_chars)
            if text:
                shown.append({"key": key, "value": text})
    return shown
