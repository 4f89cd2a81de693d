"""What is usual, learned by operation, within bounds."""

import pytest

from otel_discord.connectors.slow_spans.operations import Operation, Operations, Usual

PAY = Operation("shop", "pay", 2)


def operations(*, most: int = 10, min_spans: int = 5, percentile: float = 99.0) -> Operations:
    return Operations(most, percentile, 3600.0, min_spans)


def test_nothing_is_usual_before_enough_was_seen() -> None:
    known = operations()
    for _ in range(4):
        known.learn(PAY, 0.1, 0.0)
    assert known.usual(PAY) == Usual(0.0, 0)
    known.learn(PAY, 0.1, 0.0)
    assert known.usual(PAY).spans == 5
    assert known.usual(PAY).duration_s == pytest.approx(0.1, rel=0.0201)


def test_each_operation_is_compared_with_itself() -> None:
    known = operations()
    others = [Operation("shop", "pay", 3), Operation("web", "pay", 2), Operation("shop", "list", 2)]
    for place, each in enumerate([PAY, *others], 1):
        for _ in range(5):
            known.learn(each, place / 10, 0.0)
    assert [round(known.usual(each).duration_s, 1) for each in [PAY, *others]] == [0.1, 0.2, 0.3, 0.4]


def test_what_is_usual_follows_what_is_seen() -> None:
    known = operations()
    for number in range(3000):
        known.learn(PAY, 0.1 if number < 1000 else 0.8, 0.0)
        known.usual(PAY)
    assert known.usual(PAY).duration_s == pytest.approx(0.8, rel=0.0201)


def test_the_one_unused_for_longest_is_forgotten_and_counted() -> None:
    known = operations(most=3, min_spans=1)
    for name in "abcad":
        known.learn(Operation("shop", name, 1), 0.1, 0.0)
    assert [bool(known.usual(Operation("shop", name, 1)).spans) for name in "abcd"] == [True, False, True, True]
    assert (len(known), known.let_go) == (3, 1)


def test_other_settings_go_on_from_what_was_learned() -> None:
    before = operations(min_spans=1)
    for name in "abc":
        for _ in range(9):
            before.learn(Operation("shop", name, 1), 0.1, 0.0)
        before.learn(Operation("shop", name, 1), 5.0, 0.0)
    after = operations(most=2, min_spans=1, percentile=50)
    after.go_on_from(before)
    assert len(after) == 2
    assert after.usual(Operation("shop", "c", 1)).duration_s == pytest.approx(0.1, rel=0.0201)
