"""The tree of a trace: shares, ways up and down, and everything that can be wrong with spans."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_discord.connectors.slow_spans.path import Node, tree
from tests.connectors.slow_spans.spans import CHECKOUT, CLIENT, CONSUMER, SERVER, S, note, span_id


def nodes(*spans: S) -> dict[int, Node]:
    return {int.from_bytes(key, "big"): node for key, node in tree(note(span) for span in spans).items()}


def names(found: list[Node]) -> list[str]:
    return [node.note.name for node in found]


def test_the_way_up_and_the_way_down() -> None:
    found = nodes(*CHECKOUT)
    assert names(list(found[5].ancestors())) == ["GET /checkout", "fetch", "GET /"]
    assert names(list(found[3].to_culprit())) == ["charge card", "POST /charges", "POST /charges"]
    assert names(list(found[3].slowest_children())) == ["charge card", "SELECT cart"]
    assert found[5].share == pytest.approx(2940 / 3200)
    assert found[3].self_share == pytest.approx(1 - 3060 / 3200)


def test_the_way_down_ends_where_the_time_is_divided() -> None:
    halves = [S(3, 2, "a", 0, 450), S(4, 2, "b", 450, 900)]
    found = nodes(S(1, 0, "p", 0, 1000), S(2, 1, "c", 0, 900), *halves, S(5, 3, "d", 0, 450))
    assert names(list(found[1].to_culprit())) == ["c"]
    assert names(list(found[2].to_culprit())) == ["a", "d"]


def test_a_clock_that_is_ahead_is_moved_into_the_parents_time() -> None:
    found = nodes(*CHECKOUT)
    assert found[7].share == pytest.approx(2820 / 2920)
    assert found[6].note.start_ns < found[7].from_ns < found[7].to_ns < found[6].note.end_ns


@pytest.mark.parametrize(
    ("child", "share"),
    [
        (S(2, 1, "c", 900, 1100), 0.1),  # of the same clock: what is outside of the parent's time is cut off
        (S(2, 1, "c", -100, 50), 0.05),
        (S(2, 1, "c", 2000, 3000), 0.0),
        (S(2, 1, "c", -100, 5000), 1.0),
        (S(2, 1, "c", 500, 400), 0.0),  # ends before it starts
        (S(2, 1, "c", 900, 1100, SERVER, "other"), 0.2),  # of another clock: it is moved
        (S(2, 1, "c", 2000, 5000, SERVER, "other"), 0.0),  # longer than its parent: it cannot fit, so it is cut off
        (S(2, 1, "c", 2000, 2500, CONSUMER, "other"), 0.0),  # works when it has time
    ],
)
def test_time_outside_of_the_parents(child: S, share: float) -> None:
    assert nodes(S(1, 0, "p", 0, 1000), child)[2].share == pytest.approx(share)


def test_children_at_the_same_time_count_once_in_what_the_parent_does_itself() -> None:
    found = nodes(S(1, 0, "p", 0, 1000), S(2, 1, "a", 100, 600), S(3, 1, "b", 200, 700), S(4, 1, "c", 800, 900))
    assert found[1].self_share == pytest.approx(0.3)


def test_what_is_below_a_moved_span_is_moved_with_it() -> None:
    remote = [S(2, 1, "r", 5000, 5800, SERVER, "b"), S(3, 2, "db", 5100, 5700, CLIENT, "b")]
    found = nodes(S(1, 0, "p", 0, 1000), *remote)
    assert (found[2].from_ns - found[1].from_ns, found[3].from_ns - found[2].from_ns) == (100_000_000, 100_000_000)
    assert found[3].share == pytest.approx(0.75)


def test_a_parent_that_did_not_come() -> None:
    found = nodes(S(2, 9, "a", 0, 100), S(3, 2, "b", 0, 90), S(4, 0, "root", 0, 500))
    assert found[2].parent_is_missing
    assert not found[3].parent_is_missing
    assert not found[4].parent_is_missing
    assert names(list(found[3].ancestors())) == ["a"]


@pytest.mark.parametrize("circle", [[1], [1, 2], [1, 2, 3]])
def test_a_circle_of_parents_is_opened_at_its_earliest_span(circle: list[int]) -> None:
    spans = [S(each, circle[place - 1], f"s{each}", each, 1000 - each) for place, each in enumerate(circle)]
    found = nodes(*spans, S(9, 1, "below", 10, 20))
    assert names(list(found[9].ancestors()))[-1] == "s1"
    assert found[1].parent_is_missing
    assert names(list(found[9].ancestors()))[0] == "s1"


def test_of_two_with_one_id_the_one_that_ended_last_counts() -> None:
    found = nodes(S(1, 0, "late", 0, 200), S(1, 0, "early", 0, 100))
    assert names(list(found.values())) == ["late"]


ids = st.integers(1, 12)
spans = st.builds(
    lambda number, parent, start, length, kind, service: S(number, parent, "x", start, start + length, kind, service),
    ids,
    st.integers(0, 14),
    st.integers(-500, 500),
    st.integers(-10, 800),
    st.integers(0, 5),
    st.sampled_from(["a", "b"]),
)


@given(st.lists(spans, max_size=25))
def test_shares_are_parts_of_one_and_every_span_is_below_one_root(some: list[S]) -> None:
    found = nodes(*some)
    assert found.keys() == {span.id for span in some}
    for node in found.values():
        assert 0.0 <= node.share <= 1.0
        assert 0.0 <= node.self_share <= 1.0
        assert len(list(node.ancestors())) < len(found)
        assert all(child.parent is node for child in node.children)
        list(node.to_culprit())


@given(st.lists(spans, max_size=25), st.randoms(use_true_random=False))
def test_any_order_of_arrival_makes_the_same_tree(some: list[S], dice: random.Random) -> None:
    def shape(order: list[S]) -> dict[int, object]:
        return {
            key: (node.note, node.parent and node.parent.note, node.from_ns, node.to_ns, names(list(node.to_culprit())))
            for key, node in nodes(*order).items()
        }

    mixed = some + some[:3]
    dice.shuffle(mixed)
    assert shape(some) == shape(mixed)


@given(st.lists(st.integers(-50, 300), min_size=1, max_size=10), st.integers(1, 2000))
def test_shares_of_children_one_after_another_add_up_to_one_at_most(lengths: list[int], whole: int) -> None:
    start, children = -20, []
    for place, length in enumerate(lengths):
        children.append(S(place + 2, 1, "c", start, start + length))
        start += max(0, length)
    found = nodes(S(1, 0, "p", 0, whole), *children)
    total = sum(child.share for child in found[1].children)
    assert total <= 1.0 + 1e-9
    assert found[1].self_share == pytest.approx(1.0 - total)


def test_a_very_deep_trace_is_no_trouble() -> None:
    found = nodes(*(S(each, each - 1, "deep", each, 100_000 - each) for each in range(1, 5001)))
    assert len(list(found[5000].ancestors())) == 4999
    assert len(found[1].to_culprit()) == 1000
    assert span_id(5000) in tree(each.note for each in found.values())
