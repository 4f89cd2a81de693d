"""What went wrong in the spans of a batch: each exception, and each span that failed without one. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from otel_discord.ottl import SpanItem
from otel_discord.signals import Plain, find_attribute

EXCEPTION_EVENT: Final = "exception"
_ASGI_MESSAGE: Final = "asgi.event.type"
"""Has the span that OpenTelemetry's ASGI instrumentation makes of each message of a request."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that went wrong. ``event`` is None where the span has no exception, only status ERROR."""

    item: SpanItem
    event: Span.Event | None
    type: str
    """``exception.type``, or ``error.type`` of a span without an exception."""
    message: str
    """``exception.message``, or the message of the status."""

    @property
    def has_no_words(self) -> bool:
        """Whether all that is known is that it failed, at most with the status of an answer (``error.type`` 500)."""
        return self.event is None and not self.message and (not self.type or self.type.isdecimal())


def is_error(span: Span) -> bool:
    """Return whether a span says that it failed."""
    return span.status.code == Status.STATUS_CODE_ERROR


def failures(spans: Iterable[SpanItem], matches: Callable[[SpanItem], bool], *, error_spans: bool) -> list[Failure]:
    """Return the exceptions in order, and after them the spans that failed without one, the innermost first."""
    exceptions: list[Failure] = []
    failed: list[SpanItem] = []
    for item in spans:
        events = [event for event in item.span.events if event.name == EXCEPTION_EVENT]
        if not events and not (error_spans and is_error(item.span) and not _is_message_of_request(item.span)):
            continue
        if not matches(item):
            continue
        exceptions += (_exception(item, event) for event in events)
        if not events:
            failed.append(item)
    return [*exceptions, *(_failed(item) for item in _innermost_first(failed))]


def _is_message_of_request(span: Span) -> bool:
    """Return whether a span stands for sending a response: it fails with its request's span, which says it better."""
    return find_attribute(span.attributes, _ASGI_MESSAGE) is not None


def _exception(item: SpanItem, event: Span.Event) -> Failure:
    kind = find_attribute(event.attributes, "exception.type")
    message = find_attribute(event.attributes, "exception.message")
    return Failure(item, event, _text(kind), _text(message))


def _failed(item: SpanItem) -> Failure:
    kind = find_attribute(item.span.attributes, "error.type")
    return Failure(item, None, _text(kind), item.span.status.message)


def _text(value: Plain) -> str:
    return "" if value is None else str(value)


def _innermost_first(items: list[SpanItem]) -> list[SpanItem]:
    parents = {_id(item.span): (item.span.trace_id, item.span.parent_span_id) for item in items}
    depths: dict[tuple[bytes, bytes], int] = {}
    for each in parents:
        _measure(each, parents, depths)
    return sorted(items, key=lambda item: -depths[_id(item.span)])


def _measure(
    start: tuple[bytes, bytes],
    parents: Mapping[tuple[bytes, bytes], tuple[bytes, bytes]],
    depths: dict[tuple[bytes, bytes], int],
) -> None:
    """Write down how many of the spans are above one; a circle of parents ends where it began."""
    way: list[tuple[bytes, bytes]] = list(_way_up(start, parents, depths))
    top = parents[way[-1]] if way else start
    depth = depths.get(top, -1)
    for each in reversed(way):
        depth += 1
        depths[each] = depth


def _way_up(
    start: tuple[bytes, bytes],
    parents: Mapping[tuple[bytes, bytes], tuple[bytes, bytes]],
    depths: Mapping[tuple[bytes, bytes], int],
) -> Iterator[tuple[bytes, bytes]]:
    seen = set()
    place = start
    while place in parents and place not in depths and place not in seen:
        seen.add(place)
        yield place
        place = parents[place]


def _id(span: Span) -> tuple[bytes, bytes]:
    return span.trace_id, span.span_id
