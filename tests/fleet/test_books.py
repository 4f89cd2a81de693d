"""The books of a fleet find what they are for."""

import pytest

from tests.fleet.books import Sighting, judge
from tests.fleet.ledger import Ledger, Record
from tests.sending.answers import Answer
from tests.sending.markers import marker, markers_in


def record(number: int, *, tries: int = 1, accepted: bool = True) -> Record:
    return Record(number, ("a",), float(number), tries, number + 0.5 if accepted else None)


def seen(at_s: float, *ids: int, marked: bool = False) -> Sighting:
    return Sighting(at_s, ids, frozenset(ids if marked else ()))


RECORDS = {number: record(number) for number in (1, 2, 3, 4)}
GOOD = [seen(5, 1, 2), seen(6, 3), seen(7, 3, 4, marked=True)]


def test_good_books() -> None:
    verdict = judge(RECORDS, {"a": GOOD}, events=1)
    assert verdict.wrong == []
    assert (verdict.accepted, verdict.shown, verdict.doubled, verdict.repeating_messages) == (4, 5, 1, 1)
    assert verdict.marked_messages == 1


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (GOOD[:2], "1 of 4 accepted records lost, such as 4"),
        ([*GOOD, seen(8, 9)], "nobody sent these there: such as 9"),
        ([*GOOD, seen(8, 1)], "1 records repeated without a word, such as 1"),
        ([*GOOD, seen(8, 1, marked=True)], "2 messages repeated, at most 1 may be"),
        ([seen(5, 2), seen(6, 1), seen(7, 3, 4)], "1 records after later ones, such as 1"),
    ],
)
def test_what_is_wrong_is_found(messages: list[Sighting], expected: str) -> None:
    wrong = judge(RECORDS, {"a": messages}, events=1).wrong
    assert any(expected in words for words in wrong), wrong


def test_what_was_sent_twice_may_come_twice() -> None:
    messages = [seen(5, 1, 2), seen(6, 1), seen(7, 3, 4)]
    assert judge(RECORDS | {1: record(1, tries=2)}, {"a": messages}, events=0).wrong == []


def test_the_ledger_counts_tries_that_may_have_been_taken_in() -> None:
    ledger = Ledger()
    ledger.add([(1, ("a",))], 1.0)
    for answer in (Answer.REFUSED, Answer.NONE, Answer.OK):
        ledger.answered([1], answer, 2.0)
    assert ledger.snapshot()[1] == Record(1, ("a",), 1.0, 2, 2.0)
    assert markers_in(f"x {marker(17)} y {marker(17)} {marker(3)}") == [17, 3]
