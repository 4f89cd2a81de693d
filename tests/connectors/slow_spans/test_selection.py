"""Which slow spans of a trace are told."""

from collections.abc import Sequence

import pytest

from otel_discord.connectors.slow_spans.path import tree
from otel_discord.connectors.slow_spans.selection import select
from tests.connectors.slow_spans.spans import CHECKOUT, CLIENT, CONSUMER, INTERNAL, PRODUCER, SERVER, S, note, span_id


def told(spans: Sequence[S], slow: Sequence[int]) -> list[tuple[int, int]]:
    """Return (span, how many alike) of each finding."""
    found = select(tree(note(span) for span in spans), {span_id(each) for each in slow})
    return [(int.from_bytes(each.node.note.span_id, "big"), each.alike) for each in found]


@pytest.mark.parametrize(
    ("slow", "expected"),
    [
        ([], []),
        ([3], [(3, 0)]),
        ([3, 5, 6, 7], [(3, 0)]),  # all slow because of one child: the outermost
        ([1, 2, 3, 5, 6, 7], [(1, 0)]),
        ([2, 3, 7], [(3, 0)]),  # the client's span is slow because the served one is
        ([2], [(2, 0)]),  # … and if that is not slow by its own limit, it is the client's
        ([5, 7], [(7, 0)]),  # the way down from "charge card" meets the one that was served
        ([4, 5], [(5, 0), (4, 0)]),  # one after another
    ],
)
def test_one_for_each_cause(slow: list[int], expected: list[tuple[int, int]]) -> None:
    assert told(CHECKOUT, slow) == expected


def test_what_goes_on_alone_after_its_parent_is_a_story_of_its_own() -> None:
    sent = S(2, 1, "send", 10, 20, PRODUCER)
    work = S(3, 2, "work", 30_000, 90_000, CONSUMER, "worker")
    query = S(4, 3, "SELECT", 30_100, 89_000, CLIENT, "worker")
    assert told([S(1, 0, "GET /", 0, 3000, SERVER), sent, work, query], [1, 3, 4]) == [(3, 0), (1, 0)]


def test_many_slow_ones_of_one_operation_are_told_once() -> None:
    queries = [S(each, 1, "SELECT", each * 100, each * 100 + 50 + each, CLIENT) for each in range(2, 12)]
    assert told([S(1, 0, "job", 0, 5000, INTERNAL), *queries], [span.id for span in queries]) == [(11, 9)]


def test_the_findings_cover_every_slow_span() -> None:
    slow = {span_id(each) for each in range(1, 8)}
    (finding,) = select(tree(note(span) for span in CHECKOUT), slow)
    assert finding.covers == slow
