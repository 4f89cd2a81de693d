"""The books of a run with folding find what they are for."""

import random
from collections import Counter
from collections.abc import Mapping

import pytest

from tests.kills.books import Destination
from tests.kills.fold_books import Seen, Shown, judge_folded
from tests.kills.fold_ledger import FoldLedger
from tests.kills.problems import IN_AN_ERA, Problem, problem_in, problems_in, request_about
from tests.sending.answers import Answer

CHANNEL = Destination("everything", 1)
ENDS_S = [10.0, 20.0]
A, B = Problem(0, 0), Problem(0, 1)


def seen(name: str, at_s: float, *, marked: bool = False, **counts: int) -> Seen:
    problems = {"a": A, "b": B}
    return Seen(name, at_s, tuple(Shown(problems[each], count, marked) for each, count in counts.items()))


GOOD = [seen("1", 5, a=3, b=4), seen("2", 12, marked=True, a=70, b=8)]
"""The first was in flight when the service was killed."""


def judged(messages: list[Seen], *, accepted: Mapping[Problem, int] | None = None, kill: bool = True) -> list[str]:
    known = frozenset({"2", "3"})
    told = {A: 70, B: 8} if accepted is None else accepted
    return judge_folded(told, {CHANNEL: messages}, known, ENDS_S, repeats_allowed=kill).wrong


def test_good_books() -> None:
    verdict = judge_folded({A: 70, B: 8}, {CHANNEL: GOOD}, frozenset({"2"}), ENDS_S, repeats_allowed=True)
    assert verdict.wrong == []
    assert (verdict.accepted, verdict.shown, verdict.repeated, verdict.marked_messages) == (78, 85, 7, 1)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([GOOD[0], seen("2", 12, marked=True, a=69, b=8)], "zqgggg shows 72, 3 of them twice; 70 sent"),
        ([GOOD[0], seen("2", 12, marked=True, a=71, b=8)], "zqgggg shows 74, 3 of them twice; 70 sent"),
        ([GOOD[0], seen("2", 12, a=70, b=8)], "repeated without a word"),
        ([GOOD[0], seen("2", 12, marked=True, a=60, b=8), seen("3", 13, a=10)], "is counted on 2 cards"),
        ([seen("1", 5, a=90), GOOD[1]], "zqgggg ×90 in an orphan, afterwards"),
        ([seen("0", 4, a=1), *GOOD], "2 orphans in life 0"),
        ([*GOOD, seen("3", 13, marked=True, b=0)], "2 messages marked as repeats in life 1"),
        ([*GOOD, seen("3", 13, b=1)], "zqgggh shows 13, 4 of them twice; 8 sent"),
    ],
)
def test_what_is_wrong_is_found(messages: list[Seen], expected: str) -> None:
    assert any(expected in words for words in judged(messages)), judged(messages)


def test_an_orderly_end_repeats_nothing() -> None:
    assert len(judged(GOOD, kill=False)) == 2


def test_what_was_taken_in_without_an_answer_is_found_out() -> None:
    ledger = FoldLedger()
    ledger.answered(Counter({A: 5}), Answer.OK)
    ledger.answered(Counter({A: 3}), Answer.NONE)
    ledger.answered(Counter({A: 2, B: 2}), Answer.NONE)
    ledger.answered(Counter({B: 9}), Answer.REFUSED)
    assert ledger.decide({A: 7, B: 2}) == ""
    assert (ledger.accepted, ledger.open, ledger.taken_unanswered) == ({A: 7, B: 2}, [], 1)
    ledger.answered(Counter({B: 4}), Answer.NONE)
    complaint = ledger.decide({A: 6, B: 6})
    assert complaint == "accepted and not stored: 1 (zqgggg ×1); stored and not accepted: 4 (zqgggh ×4)"


def test_problems_are_recognised_in_their_texts() -> None:
    problems = [Problem(era, number) for era in (0, 1, 77) for number in range(IN_AN_ERA)]
    assert len({each.word for each in problems}) == len(problems)
    dice = random.Random(1)
    assert problems_in(request_about([*problems, *problems], dice)) == dict.fromkeys(problems, 2)
    assert problem_in("🔴 ×4 order 17 failed") is None
