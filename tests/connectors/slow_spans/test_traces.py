"""Traces that wait: time, bounds, and what comes twice or late."""

from hypothesis import given
from hypothesis import strategies as st

from otel_discord.connectors.slow_spans.traces import Trace, Traces
from tests.connectors.slow_spans.spans import S, note, span_id, trace_id


def traces(*, wait: float = 5, keep: float = 60, most: int = 100, each: int = 100, spans: int = 1000) -> Traces[str]:
    return Traces(wait, keep, most, each, spans)


def add(to: Traces[str], trace: int, span: int, now_s: float, slow: str | None = None, ms: float = 10) -> list[int]:
    return ids(to.add(trace_id(trace), note(S(span, 0, "x", 0, ms)), slow, now_s))


def ids(found: list[Trace[str]]) -> list[int]:
    return [int.from_bytes(trace.trace_id, "big") for trace in found]


def test_a_trace_waits_from_its_first_slow_span_on() -> None:
    waiting = traces()
    add(waiting, 1, 1, 0.0)
    assert waiting.next_due_s() is None
    add(waiting, 1, 2, 3.0, "slow")
    add(waiting, 1, 3, 7.0, "slow too")
    assert waiting.next_due_s() == 8.0
    assert ids(waiting.due(7.9)) == []
    (trace,) = waiting.due(8.0)
    assert (set(trace.slow.values()), len(trace.notes)) == ({"slow", "slow too"}, 3)
    assert waiting.due(8.0) == []


def test_what_is_told_is_not_told_again_while_the_trace_is_kept() -> None:
    waiting = traces()
    add(waiting, 1, 1, 0.0, "slow")
    (trace,) = waiting.due(5.0)
    trace.told, trace.slow = set(trace.slow), {}
    add(waiting, 1, 1, 6.0, "again")
    assert waiting.next_due_s() is None
    add(waiting, 1, 2, 6.0, "another")
    assert ids(waiting.due(11.0)) == [1]


def test_traces_are_forgotten_after_their_time() -> None:
    waiting = traces(keep=60)
    add(waiting, 1, 1, 0.0)
    add(waiting, 2, 1, 10.0, "slow")
    add(waiting, 1, 2, 50.0)
    waiting.due(69.9)
    assert len(waiting) == 2
    waiting.due(70.0)
    assert (len(waiting), waiting.span_count) == (1, 2)
    waiting.due(110.0)
    assert (len(waiting), waiting.span_count, waiting.traces_let_go) == (0, 0, 0)


def test_the_oldest_is_let_go_and_told_if_it_is_slow() -> None:
    waiting = traces(most=2)
    assert add(waiting, 1, 1, 0.0, "slow") == []
    assert add(waiting, 2, 1, 0.0) == []
    assert add(waiting, 3, 1, 0.0) == [1]
    assert add(waiting, 4, 1, 0.0) == []
    assert (waiting.traces_let_go, len(waiting), waiting.next_due_s()) == (2, 2, None)


def test_spans_are_bounded_in_all() -> None:
    waiting = traces(spans=3)
    for trace in (1, 2):
        for span in (1, 2):
            add(waiting, trace, span, 0.0)
    assert (len(waiting), waiting.span_count) == (1, 2)


def test_of_a_trace_with_too_many_spans_the_shortest_are_dropped() -> None:
    waiting = traces(each=8)
    add(waiting, 1, 1, 0.0, "slow", ms=1)
    for span in range(2, 40):
        add(waiting, 1, span, 0.0, ms=span)
    (trace,) = waiting.due(5.0)
    assert span_id(39) in trace.notes
    assert span_id(1) in trace.notes
    assert len(trace.notes) <= 8
    assert waiting.spans_left_out == trace.spans_left_out == 39 - len(trace.notes)


def test_at_the_end_all_that_wait_are_told() -> None:
    waiting = traces()
    for trace in (1, 2, 3):
        add(waiting, trace, 1, 0.0, "slow" if trace != 2 else None)
    assert ids(waiting.all_due()) == [1, 3]
    assert waiting.next_due_s() is None


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 9), st.booleans(), st.integers(0, 9)), max_size=80))
def test_bounds_hold_and_each_slow_span_is_told_once_or_waits(steps: list[tuple[int, int, bool, int]]) -> None:
    waiting = traces(most=4, each=5, spans=12, keep=20)
    now_s, told = 0.0, 0
    for trace, span, is_slow, pause in steps:
        now_s += pause
        found = waiting.add(trace_id(trace), note(S(span, 0, "x", 0, span)), "slow" if is_slow else None, now_s)
        for each in [*found, *waiting.due(now_s)]:
            assert each.slow
            told += len(each.slow)
            each.told |= each.slow.keys()
            each.slow.clear()
        assert len(waiting) <= 4
        assert waiting.span_count <= 12
        assert (waiting.next_due_s() or now_s + 1) > now_s
    assert told + sum(len(each.slow) for each in waiting.all_due()) <= sum(each[2] for each in steps)
    waiting.due(now_s + 100)
    assert (len(waiting), waiting.span_count) == (0, 0)
