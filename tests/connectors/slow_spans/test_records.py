"""Whatever spans come, in whatever order: the same records, and never an error."""

import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_discord.connectors.slow_spans.judging import Slow
from otel_discord.connectors.slow_spans.operations import Usual
from otel_discord.connectors.slow_spans.path import Note
from otel_discord.connectors.slow_spans.records import SlowSpan, batch_of, slow_span, tell
from otel_discord.connectors.slow_spans.traces import Trace
from otel_discord.ottl import each_span
from otel_discord.signals import TracesBatch

times = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 10**10))
ids = st.integers(1, 9).map(lambda number: number.to_bytes(8, "big"))
notes = st.builds(
    Note,
    start_ns=times,
    end_ns=times,
    span_id=ids,
    parent_id=st.one_of(ids, st.just(b"")),
    name=st.text(max_size=5),
    kind=st.integers(0, 7),
    service=st.sampled_from(["", "a", "b"]),
    origin=st.integers(0, 2),
    failed=st.booleans(),
)
slows = st.builds(
    Slow,
    limit_s=st.floats(1e-9, 1e6),
    is_learned=st.booleans(),
    usual=st.builds(Usual, st.floats(1e-6, 1e6), st.integers(0, 10**6)),
    severity=st.integers(0, 24),
)


def waiting(arrivals: Sequence[tuple[Note, Slow | None]]) -> Trace[SlowSpan]:
    trace: Trace[SlowSpan] = Trace(bytes(range(16)))
    for note, slow in arrivals:
        trace.notes[note.span_id] = note
        if slow is not None:
            request = ExportTraceServiceRequest()
            span = request.resource_spans.add().scope_spans.add().spans.add(span_id=note.span_id, name=note.name)
            span.start_time_unix_nano, span.end_time_unix_nano = note.start_ns, note.end_ns
            (item,) = each_span(TracesBatch(request))
            trace.slow[note.span_id] = slow_span(item, slow)
    return trace


@hypothesis_settings(max_examples=150)
@given(
    st.lists(st.tuples(notes, st.none() | slows), max_size=12, unique_by=lambda pair: pair[0].span_id),
    st.randoms(use_true_random=False),
)
def test_any_spans_in_any_order(arrivals: list[tuple[Note, Slow | None]], dice: random.Random) -> None:
    shuffled = list(arrivals)
    dice.shuffle(shuffled)
    first, second = waiting(arrivals), waiting(shuffled)
    told = [batch_of(tell(trace, percentile=99, now_ns=1)).request for trace in (first, second)]
    assert told[0] == told[1]
    slow = sum(each is not None for _, each in arrivals)
    assert bool(told[0].resource_logs) == bool(slow)
    assert len(told[0].resource_logs) <= slow
    assert tell(first, percentile=99, now_ns=1) == []
