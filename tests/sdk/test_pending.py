"""Spans and metrics that wait: bounded, failures kept for longest, the newest collection always there."""

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import Status, StatusCode

from otel_discord.sdk.pending_metrics import PendingMetrics
from otel_discord.sdk.pending_spans import PendingSpans

FAILED, PLAIN = Status(StatusCode.ERROR), Status(StatusCode.UNSET)


def span(name: str, *, failed: bool = False, events: int = 0, chars: int = 0) -> Any:
    event = SimpleNamespace(attributes={})
    return SimpleNamespace(
        name=name,
        status=FAILED if failed else PLAIN,
        attributes={"a": "x" * chars} if chars else None,
        events=[event] * events,
        links=(),
        start_time=10 * ord(name[0]),
        end_time=10 * ord(name[0]) + 5,
    )


def collection(number: int, points: int = 1) -> Any:
    metric = SimpleNamespace(data=SimpleNamespace(data_points=range(points)))
    scope = SimpleNamespace(metrics=[metric])
    return SimpleNamespace(number=number, resource_metrics=[SimpleNamespace(scope_metrics=[scope])])


def names(spans: list[Any]) -> str:
    return "".join(each.name for each in spans)


def test_spans_leave_as_they_came() -> None:
    waiting = PendingSpans(10, 1 << 20)
    for name in "abCdE":
        waiting.put(span(name, failed=name.isupper()))
    assert names(waiting.take(3)) == "abC"
    assert names(waiting.take(3)) == "dE"
    assert (waiting.size_bytes, waiting.take_losses()) == (0, None)


def test_those_without_a_failure_go_first() -> None:
    waiting = PendingSpans(3, 1 << 20)
    for name in "AbcDEfG":
        waiting.put(span(name, failed=name.isupper()))
    assert names(waiting.take(9)) == "DEG"
    losses = waiting.take_losses()
    assert losses is not None
    assert (losses.total, losses.failed) == (4, 1)
    assert (losses.since_ns, losses.until_ns) == (650, 655)
    assert waiting.take_losses() is None


def test_an_event_may_be_a_failure() -> None:
    waiting = PendingSpans(1, 1 << 20)
    waiting.put(span("a", events=1))
    waiting.put(span("b"))
    assert names(waiting.take(9)) == "a"


def test_a_span_that_is_too_large_is_lost_alone() -> None:
    waiting = PendingSpans(9, 10_000)
    waiting.put(span("a"))
    waiting.put(span("b", chars=20_000))
    waiting.put(span("c"))
    assert names(waiting.take(9)) == "ac"


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 5_000)), max_size=60),
    st.integers(1, 12),
    st.integers(2_000, 30_000),
)
def test_bounds_hold_and_every_span_is_counted(given_spans: Any, most: int, most_bytes: int) -> None:
    waiting = PendingSpans(most, most_bytes)
    for failed, events, chars in given_spans:
        waiting.put(span("x", failed=failed, events=events, chars=chars))
        assert len(waiting) <= most
        assert 0 <= waiting.size_bytes <= most_bytes
    mended = waiting.mended()
    assert (len(mended), mended.size_bytes) == (len(waiting), waiting.size_bytes)
    losses = mended.take_losses()
    lost = losses.total if losses else 0
    assert len(mended.take(1000)) + lost == len(given_spans)
    assert waiting.let_go() + lost == len(given_spans)
    assert (mended.size_bytes, waiting.size_bytes, len(waiting)) == (0, 0, 0)


def test_a_newer_collection_takes_the_place_of_the_oldest() -> None:
    waiting = PendingMetrics(1 << 20)
    for number in range(40):
        waiting.put(collection(number))
    assert len(waiting) == 16
    assert [each.number for each in waiting.take(99)] == list(range(24, 40))


def test_the_newest_collection_is_kept_whatever_its_size() -> None:
    waiting = PendingMetrics(10_000)
    waiting.put(collection(1))
    waiting.put(collection(2, points=100_000))
    assert [each.number for each in waiting.mended().take(9)] == [2]
    assert (waiting.let_go(), len(waiting), waiting.take_losses()) == (1, 0, None)
