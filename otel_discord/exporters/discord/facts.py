"""What there is to say about a log record, ready for templates: short plain texts, whatever a client has sent. Pure.

Names follow the log data model and the semantic conventions (deprecated names are read too). Work is bounded: see
``facts_values``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from otel_discord.exporters.discord.facts_attributes import Attribute, chosen_attributes
from otel_discord.exporters.discord.facts_body import MESSAGE_KEYS, BodyFacts, body_facts
from otel_discord.exporters.discord.facts_exception import ExceptionFacts, exception_facts, exception_in_body
from otel_discord.exporters.discord.facts_source import SourceFacts
from otel_discord.exporters.discord.facts_trace_parts import short_path
from otel_discord.exporters.discord.facts_values import plain_attributes, short_text
from otel_discord.signals import Plain, effective_severity, severity_range, span_id_hex, trace_id_hex

NO_MESSAGE: Final = "(no message)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFacts:
    """A record, read. Texts are neutral (no controls) but not escaped; "" and 0 are what is not known."""

    title: str
    """The one line that says what happened; never empty."""
    body: str = ""
    """What the body says beyond the title, several lines perhaps."""
    body_pairs: tuple[tuple[str, str], ...] = ()
    whole_message: str = ""
    """The text that title and body come from, as it arrived; for a file."""
    event_name: str = ""
    severity_number: int = 0
    severity_name: str = ""
    """``ERROR``, ``ERROR2``; "" when unspecified."""
    severity_label: str = ""
    """``INFO (Informational)``: the name, and the record's own text where that differs."""
    time_unix_ns: int = 0
    source: SourceFacts = field(default_factory=SourceFacts)
    exception: ExceptionFacts | None = None
    location: str = ""
    trace_id: str = ""
    span_id: str = ""
    scope_name: str = ""
    scope_version: str = ""
    attributes: tuple[Attribute, ...] = ()
    all_attributes: Mapping[str, Plain] = field(default_factory=dict)
    """The first 128, as plain values by their keys."""
    dropped_attributes_count: int = 0


def record_facts(
    source: SourceFacts, scope: InstrumentationScope, record: LogRecord, *, severity: int | None = None
) -> RecordFacts:
    """Read one record; ``severity`` overrides what its number and text say."""
    attributes = plain_attributes(record.attributes)
    body = body_facts(record.body)
    exception = exception_facts(attributes)
    before_trace = None
    if exception is None or not exception.trace_text:
        found = exception_in_body(body.text, body.whole)
        if found:
            before_trace, in_body = found
            exception = in_body if exception is None else _merged(exception, in_body)
    text = body.text if before_trace is None else before_trace
    event_name = short_text(record.event_name or attributes.get("event.name") or "", 200)
    title, rest = _title_and_rest(text, body, exception, event_name, attributes)
    location = _location(attributes, exception)
    if title == NO_MESSAGE and location:
        title = f"{NO_MESSAGE} at {location}"
    number = severity if severity is not None else effective_severity(record.severity_number, record.severity_text)
    name = severity_name(number)
    return RecordFacts(
        title=title,
        body=rest,
        body_pairs=body.pairs,
        whole_message=body.whole,
        event_name=event_name,
        severity_number=number,
        severity_name=name,
        severity_label=severity_label(name, record.severity_text),
        time_unix_ns=record.time_unix_nano or record.observed_time_unix_nano,
        source=source,
        exception=exception,
        location=location,
        trace_id=trace_id_hex(record.trace_id),
        span_id=span_id_hex(record.span_id),
        scope_name=short_text(scope.name, 200),
        scope_version=short_text(scope.version, 64),
        attributes=tuple(chosen_attributes(attributes, source.attributes, f"{title}\n{rest}")),
        all_attributes=attributes,
        dropped_attributes_count=record.dropped_attributes_count,
    )


def severity_name(number: int) -> str:
    """Return ``ERROR`` for 17, ``ERROR2`` for 18; "" when unspecified."""
    lowest = severity_range(number)
    if not lowest:
        return ""
    step = number - lowest
    return f"{lowest.name}{step + 1}" if step else lowest.name


def severity_label(name: str, text: str) -> str:
    """Return the short name, and the record's own text in brackets where it says something else."""
    text = short_text(text, 40)
    if not text or text.upper() == name or text.upper() == name.rstrip("234"):
        return name
    return f"{name} ({text})" if name else text


def _merged(known: ExceptionFacts, in_body: ExceptionFacts) -> ExceptionFacts:
    return ExceptionFacts(
        known.type or in_body.type,
        known.message or in_body.message,
        known.whole_message or in_body.whole_message,
        in_body.trace_text,
        in_body.whole_trace,
        in_body.trace,
        in_body.inside,
    )


def _title_and_rest(
    text: str, body: BodyFacts, exception: ExceptionFacts | None, event_name: str, attributes: Mapping[str, Plain]
) -> tuple[str, str]:
    """Return the line that says what happened, and what the body says beyond it."""
    first, _, rest = text.partition("\n")
    first, rest = first.strip(), rest.strip("\n").rstrip()
    if exception is not None and exception.title:
        title = exception.title
        message_rest = exception.message.partition("\n")[2].strip("\n")
        if text and text not in (exception.message, title) and text not in title:
            return title, text
        return title, message_rest
    if first:
        return first, rest
    if event_name:
        return event_name, ""
    for key in MESSAGE_KEYS:
        value = attributes.get(key)
        if isinstance(value, str) and (words := short_text(value, 2000)):
            return words, ""
    if exception is not None and exception.trace is not None and exception.trace.innermost:
        return exception.trace.innermost, ""
    if body.pairs:
        return "  ".join(f"{key}={value}" for key, value in body.pairs[:3]), ""
    return NO_MESSAGE, ""


def _location(attributes: Mapping[str, Plain], exception: ExceptionFacts | None) -> str:
    """Return ``cart/totals.py:118 in add_tax``: a trace's innermost own frame, else the code attributes."""
    if exception is not None and exception.trace is not None and exception.trace.location:
        return short_text(exception.trace.location, 120)

    def first(*keys: str) -> str:
        return next((short_text(attributes[key], 200) for key in keys if attributes.get(key) not in (None, "")), "")

    path = first("code.file.path", "code.filepath")
    line = first("code.line.number", "code.lineno")
    function = first("code.function.name", "code.function")
    namespace = first("code.namespace")
    if namespace and function and "." not in function:
        function = f"{namespace}.{function}"
    function = ".".join(function.split(".")[-2:])
    if function in ("<module>", "__main__"):
        function = ""
    place = f"{short_path(path, 2)}:{line}" if path and line else short_path(path, 2)
    return short_text(" in ".join(part for part in (place, function) if part), 120)
