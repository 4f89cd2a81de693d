"""In which request a span was, as far as the spans that came with it tell. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from otel_discord.connectors.exceptions.failures import Failure
from otel_discord.ottl import SpanItem

_SERVED: Final = frozenset({Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CONSUMER})
_Place: TypeAlias = tuple[bytes, bytes]


def requests(failures: Iterable[Failure], spans: Iterable[SpanItem]) -> dict[_Place, str]:
    """Return by trace and span id of a failure the name of the nearest span above it that was served."""
    known = {(item.span.trace_id, item.span.span_id): item.span for item in spans}
    found = {place_of(failure.item.span): _served(failure.item.span, known) for failure in failures}
    return {place: name for place, name in found.items() if name}


def place_of(span: Span) -> _Place:
    """Return what :func:`requests` knows a span by."""
    return span.trace_id, span.span_id


def _served(span: Span, known: Mapping[_Place, Span]) -> str:
    seen: set[bytes] = set()
    above: Span | None = span
    while above is not None and above.kind not in _SERVED and above.span_id not in seen:
        seen.add(above.span_id)
        above = known.get((span.trace_id, above.parent_span_id))
    return "" if above is None or above is span or above.kind not in _SERVED else above.name
